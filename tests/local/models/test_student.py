"""What the student learns comes from its labels, and from nothing else."""

import json
import random
from pathlib import Path

import pytest

from local.models import baseline, trainer
from local.models.dataset import InvalidFileError, read_reply, read_rows
from local.models.student import Student
from local.models.units import read_units
from tests.local.models.support import Case


def train(folder: Path, rows: list[dict[str, object]], seed: int = 3) -> Student:
    folder.mkdir()
    content = "\n".join(json.dumps(row) for row in rows)
    (folder / "rows.jsonl").write_text(content, encoding="utf-8")
    trainer.run(
        {
            "training_file": str(folder / "rows.jsonl"),
            "validation_file": None,
            "method": "supervised",
            "hyperparameters": {"n_epochs": 3},
            "seed": seed,
            "start_from": None,
            "folder": str(folder),
        }
    )
    return Student.load(folder / "weights.npz")


def share_right(student: Student | None, cases: list[Case]) -> float:
    hits = 0
    for case in cases:
        if student is None:
            unit = baseline.pick(case.question, baseline.candidates(case.documents))
        else:
            unit = student.pick(case.question, case.documents)
        hits += unit is not None and unit.text in read_reply(case.reply).quotes
    return hits / len(cases)


def test_only_true_labels_beat_the_baseline(tmp_path: Path, cases: list[Case]) -> None:
    seen = [case for case in cases if case.guide % 3]
    unseen = [case for case in cases if case.guide % 3 == 0]
    rng = random.Random(0)

    def shuffled(case: Case) -> dict[str, object]:
        units = [unit for text in case.documents for unit in read_units(text)]
        quote = rng.choice(units).text
        return case.row(f"##begin_quote##{quote}##end_quote##\n<ANSWER>: {quote}")

    student = share_right(train(tmp_path / "true", [case.row() for case in seen]), unseen)
    control = share_right(train(tmp_path / "shuffled", [shuffled(case) for case in seen]), unseen)
    plain = share_right(None, unseen)
    assert student >= plain + 0.1 > control + 0.1, (student, plain, control)


def test_same_rows_and_seed_give_the_same_weights(tmp_path: Path, cases: list[Case]) -> None:
    rows = [case.row() for case in cases[:15]]
    first, second = train(tmp_path / "a", rows), train(tmp_path / "b", rows)
    assert (first.sentences.linear == second.sentences.linear).all()
    assert (first.spans.output == second.spans.output).all()


def test_a_refusal_is_learned(tmp_path: Path, cases: list[Case]) -> None:
    rows = [case.row() for case in cases if case.guide % 3]
    refused = []
    for at, case in enumerate(cases):
        oracle = next(text for text in case.documents if read_reply(case.reply).quotes[0] in text)
        others = tuple(text for text in case.documents if text != oracle)
        absent = Case(case.guide, others, case.question, "<ANSWER>: I cannot answer this.")
        (refused if case.guide % 3 == 0 else rows).append(
            absent if case.guide % 3 == 0 else absent.row()
        ) if at % 3 == 0 else None
    student = train(tmp_path / "refusals", rows)
    declined = sum(student.pick(case.question, case.documents) is None for case in refused)
    assert refused and declined / len(refused) >= 0.6


def test_rows_of_a_wrong_shape_name_their_line() -> None:
    good = json.dumps({"prompt": "<DOCUMENT>x</DOCUMENT> y?", "completion": "z"})
    for bad in ("{", "[]", '{"messages": []}', '{"messages": [{"role": "user"}]}'):
        with pytest.raises(InvalidFileError, match="Line 2"):
            read_rows(f"{good}\n{bad}\n".encode(), "supervised")


HEADING_ROW = """### Cards

| Card | Late payment fee |
| --- | --- |
| Wick | £11 |
"""
SECOND = "The Tern Account pays 3% gross. The account opens with £100."


def test_a_row_with_two_oracles_is_learned_from_both() -> None:
    quotes = ("| Card | Late payment fee |", "| Wick | £11 |", "The Tern Account pays 3% gross.")
    text = " ".join(f"##begin_quote##{quote}##end_quote##" for quote in quotes)
    blocks = f"<DOCUMENT>{HEADING_ROW}</DOCUMENT>\n<DOCUMENT>{SECOND}</DOCUMENT>"
    question = "What is the late payment fee for the Wick card, and what does the Tern Account pay?"
    row = {
        "messages": [
            {"role": "user", "content": f"{blocks}\n\n{question}"},
            {"role": "assistant", "content": f"{text}\n<ANSWER>: £11; 3% gross"},
        ]
    }
    read = read_rows(json.dumps(row).encode(), "supervised")[0]
    assert len(read.documents) == 2 and read.reply.quotes == quotes
    lesson = trainer.lesson_of(read)
    assert lesson is not None
    learned = {
        unit.text: share
        for unit, share in zip(lesson.units, lesson.sentence.target, strict=False)
        if share
    }
    assert set(learned) == {"| Wick | £11 |", "The Tern Account pays 3% gross."}


def test_a_student_of_rows_with_two_oracles_answers(tmp_path: Path, cases: list[Case]) -> None:
    rows = []
    for one, two in zip(cases[::2], cases[1::2], strict=False):
        quotes = [*read_reply(one.reply).quotes, *read_reply(two.reply).quotes]
        text = " ".join(f"##begin_quote##{quote}##end_quote##" for quote in quotes)
        question = f"{one.question.rstrip('?')}, and {two.question}"
        reply = f"{text}\n<ANSWER>: {read_reply(one.reply).answer}; {read_reply(two.reply).answer}"
        rows.append(Case(one.guide, (*one.documents[:3], *two.documents), question, reply))
    student = train(tmp_path / "two", [case.row() for case in rows])
    for case in rows[:10]:
        unit = student.pick(case.question, case.documents)
        assert unit is not None and student.shorten(case.question, unit)
