"""Trains a student in a process of its own: `python -m local.models.trainer '<plan as JSON>'`.

Prints one JSON line per step (`metrics`), per epoch (`checkpoint`) and a last one (`outcome`:
trained tokens or the error). Writes `weights.npz`, that of the epoch with the lowest validation
loss, and `step-N.npz` per checkpoint. Without a validation file every tenth row is held out to
choose the epoch, and no validation figures are reported.
"""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from local.models.dataset import InvalidFileError, Reply, Row, check_training_rows, read_rows
from local.models.features import N_SPAN, base_sentence_weights, sentence_features, span_features
from local.models.ranker import Example, Trainer, loss, right, scores, start
from local.models.student import Student
from local.models.units import HEADING, Unit
from local.models.words import content_stems, token_f1

AUTO_EPOCHS = 4
RATE = 0.01
LEAST_STEPS_PER_EPOCH = 40
LEAST_F1 = 0.4
Settings = dict[str, Any]


@dataclass(frozen=True)
class Lesson:
    """A row made ready: the sentence example and, where the answer is a span, the span example."""

    row: Row
    sentence: Example
    units: tuple[Unit, ...]
    span: Example | None


def _squeeze(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def supports(unit: Unit, reply: Reply) -> float:
    """How much of a unit the quotes of a reply are, or of which they are a part: 0 to 1."""
    own = _squeeze(unit.text)
    best = 0.0
    for quote in reply.quotes:
        other = _squeeze(quote)
        if not own or not other:
            continue
        whole = unit.kind != HEADING and len(own) > 12 and own in other
        if whole or own == other or (len(own) > len(other) and other in own):
            best = 1.0
    return best


def is_context(unit: Unit) -> bool:
    """Whether a unit only says what others are about: a heading, or the header of a table."""
    return unit.kind == HEADING or (bool(unit.header) and unit.cells == unit.header)


def target_of(units: tuple[Unit, ...], reply: Reply, question: str) -> np.ndarray | None:
    """The right candidates as a distribution, "none" last; None if the row shows no right one."""
    target = np.zeros(len(units) + 1)
    if reply.refused:
        target[-1] = 1.0
        return target
    support = [supports(unit, reply) for unit in units]
    told = any(value and not is_context(unit) for unit, value in zip(units, support, strict=True))
    for at, unit in enumerate(units):
        # A heading or a table's header is quoted beside what it explains, not instead of it.
        target[at] = 0.0 if told and is_context(unit) else support[at]
    if reply.quotes and target.sum() > 0:
        asked = set(content_stems(question)) | set(content_stems(reply.answer))
        for at, unit in enumerate(units):
            # Of several quoted units, the ones that speak of the question and its answer.
            if target[at] > 0:
                own = set(content_stems(unit.plain))
                target[at] *= 0.2 + len(own & asked) / (len(asked) or 1)
    elif not reply.quotes:
        closeness = [token_f1(unit.plain, reply.answer) for unit in units]
        if closeness and max(closeness) >= LEAST_F1:
            target[int(np.argmax(closeness))] = 1.0
    total = target.sum()
    return target / total if total > 0 else None


def _span_example(row: Row, unit: Unit) -> Example | None:
    found, features = span_features(row.question, unit)
    closeness = np.array([token_f1(span.text, row.reply.answer) for span in found])
    if closeness.max() < LEAST_F1:
        return None
    target = np.where(closeness >= closeness.max() - 1e-9, 1.0, 0.0)
    return Example(features, target / target.sum())


def lesson_of(row: Row) -> Lesson | None:
    """A row as examples; None where no candidate of the prompt is the right one."""
    if not row.documents:
        return None
    found = sentence_features(row.question, row.documents)
    target = target_of(found.units, row.reply, row.question)
    if target is None:
        return None
    rejected = None
    if row.rejected is not None:
        wrong = target_of(found.units, row.rejected, row.question)
        if wrong is not None and target[int(wrong.argmax())] == 0:
            rejected = int(wrong.argmax())
    best = int(target.argmax())
    span = _span_example(row, found.units[best]) if best < len(found.units) else None
    return Lesson(row, Example(found.features, target, rejected), found.units, span)


def token_accuracy(student: Student, lesson: Lesson) -> float:
    """Token F1 of the student's final answer; 1 for a right refusal."""
    best = int(scores(student.sentences, lesson.sentence.features).argmax())
    refused = best == len(lesson.units)
    if refused or lesson.row.reply.refused:
        return float(refused and lesson.row.reply.refused)
    answer = student.shorten(lesson.row.question, lesson.units[best])
    return token_f1(answer, lesson.row.reply.answer)


@dataclass
class Course:
    """One training: what is learned from, what it is checked on, and how."""

    train: list[Lesson]
    valid: list[Lesson]
    reported: bool
    epochs: int
    batch: int
    rate: float
    preference: float
    seed: int
    folder: Path


def _say(kind: str, record: Settings) -> None:
    print(json.dumps({kind: record}), flush=True)


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def _validate(student: Student, lessons: list[Lesson]) -> dict[str, float]:
    losses = [loss(student.sentences, lesson.sentence) for lesson in lessons]
    losses_of_spans = [loss(student.spans, lsn.span) for lsn in lessons if lsn.span is not None]
    return {
        "loss": _mean(losses) + _mean(losses_of_spans),
        "accuracy": _mean([float(right(student.sentences, lsn.sentence)) for lsn in lessons]),
        "tokens": _mean([token_accuracy(student, lesson) for lesson in lessons]),
    }


def train(course: Course, begin: Student | None) -> Student:
    """Trains both rankers together and returns the student of the best epoch."""
    rng = np.random.default_rng(course.seed)
    answers = [lesson.row.reply for lesson in course.train]
    quotes = sum(bool(reply.quotes) for reply in answers) * 2 >= len(answers)
    sentence_examples = [lesson.sentence for lesson in course.train]
    span_examples = [lesson.span for lesson in course.train if lesson.span is not None]
    sentences = begin.sentences if begin else start(sentence_examples, base_sentence_weights(), rng)
    spans = begin.spans if begin else start(span_examples, np.zeros(N_SPAN), rng)
    student = Student(sentences, spans, quotes)
    on_sentences = Trainer(student.sentences, course.rate, course.preference)
    on_spans = Trainer(student.spans, course.rate)
    per_epoch = max(LEAST_STEPS_PER_EPOCH, -(-len(course.train) // course.batch))
    best, best_loss, step = student, float("inf"), 0
    order: list[int] = []
    for _ in range(course.epochs):
        for at in range(per_epoch):
            step += 1
            if len(order) < course.batch:
                order.extend(int(i) for i in rng.permutation(len(course.train)))
            batch = [course.train[order.pop(0)] for _ in range(course.batch)]
            progress = step / (course.epochs * per_epoch)
            value, accuracy = on_sentences.update([lesson.sentence for lesson in batch], progress)
            spans_here = [lesson.span for lesson in batch if lesson.span is not None]
            if spans_here:
                value += on_spans.update(spans_here, progress)[0]
            metrics: Settings = {"step": step, "train_loss": value, "train_accuracy": accuracy}
            metrics["train_mean_token_accuracy"] = _mean(
                [token_accuracy(student, lesson) for lesson in batch[:1]]
            )
            if at + 1 == per_epoch:
                checked = _validate(student, course.valid or course.train)
                if checked["loss"] < best_loss:
                    best_loss = checked["loss"]
                    best = Student(student.sentences.copy(), student.spans.copy(), quotes)
                if course.reported:
                    metrics["valid_loss"] = metrics["full_valid_loss"] = checked["loss"]
                    metrics["valid_mean_token_accuracy"] = checked["tokens"]
                    metrics["full_valid_mean_token_accuracy"] = checked["tokens"]
                student.save(course.folder / f"step-{step}.npz")
                _say("checkpoint", metrics)
            _say("metrics", metrics)
    return best


def _number(settings: Settings, name: str, default: float) -> float:
    value = settings.get(name, "auto")
    return default if value == "auto" else float(value)


def run(plan: Settings) -> Settings:
    """Reads the files, trains, and says how it ended."""
    method, settings = plan["method"], plan["hyperparameters"]
    rows = read_rows(Path(plan["training_file"]).read_bytes(), method)
    check_training_rows(rows)
    lessons = [lesson for lesson in map(lesson_of, rows) if lesson is not None]
    if not lessons:
        raise InvalidFileError("No row has a <DOCUMENT> that its answer could be learned from.")
    held_out = []
    if plan["validation_file"]:
        checks = read_rows(Path(plan["validation_file"]).read_bytes(), method)
        held_out = [lesson for lesson in map(lesson_of, checks) if lesson is not None]
    reported = bool(held_out)
    if not held_out and len(lessons) >= 30:
        held_out, lessons = lessons[::10], [lsn for i, lsn in enumerate(lessons) if i % 10]
    batch = int(_number(settings, "batch_size", min(32, max(4, len(lessons) // 50))))
    epochs = int(_number(settings, "n_epochs", AUTO_EPOCHS))
    course = Course(
        train=lessons,
        valid=held_out,
        reported=reported,
        epochs=epochs,
        batch=min(batch, len(lessons)),
        rate=RATE * _number(settings, "learning_rate_multiplier", 1.0),
        preference=10 * _number(settings, "beta", 0.1) if method == "dpo" else 0.0,
        seed=int(plan["seed"]),
        folder=Path(plan["folder"]),
    )
    begin = Student.load(Path(plan["start_from"])) if plan["start_from"] else None
    train(course, begin).save(course.folder / "weights.npz")
    return {"trained_tokens": epochs * sum(row.tokens for row in rows)}


def main() -> None:
    """Entry point of the training process."""
    try:
        outcome = run(json.loads(sys.argv[1]))
    except InvalidFileError as error:
        outcome = {"error": {"code": "invalidTrainingFile", "message": str(error)}}
    _say("outcome", outcome)


if __name__ == "__main__":
    main()
