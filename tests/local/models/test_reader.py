"""The judge as a careful reader: from the documents alone, or not at all."""

import random

import pytest

from local.models import reader, teacher
from local.models.bm25 import bm25_scores
from local.models.dataset import read_reply
from local.models.entailment import numbers
from local.models.kinds import choose_by_kind
from local.models.passages import mended, passages
from local.models.prompts import Prompt, read_prompt
from local.models.quoting import quotes_of
from local.models.words import content_stems, token_f1
from shared.adapters.readers import Readers
from shared.adapters.tokenizer import O200kTokenizer
from shared.raft.chunking import chunk_document
from shared.raft.prompts import answer_prompt, repair_prompt
from shared.raft.text import clean_pages
from tests.local.models.support import ROOT, Server

SAMPLES = {
    name: (ROOT / "samples" / "bank" / name).read_bytes()
    for name in ("fees-and-charges.pdf", "accounts-guide.pdf")
}
PLUS = """### Beacon Plus Account

The account costs £9.50 a month. Holders may withdraw up to £500 a day at any machine.
It opens with a deposit of £100. Interest is paid each quarter, because the rate may change.
"""
STUDENT = """### Student Tide Account

The account costs £2 a month. Holders may withdraw up to £300 a day at any machine.
"""
TABLE = """### Credit cards

| Card | Interest-free days | Late payment fee |
| --- | --- | --- |
| Wick | Up to 54 | £11 |
| First Step | Up to 50 | £6 |
"""
WITHDRAW = "How much may holders of the Beacon Plus Account withdraw a day?"


def read(question: str, *documents: str) -> str | None:
    found = reader.read_answer(question, documents)
    return found.answer if found else None


def test_the_subject_must_be_the_document_s() -> None:
    assert read(WITHDRAW, STUDENT, PLUS) == "up to £500 a day"
    assert read(WITHDRAW, STUDENT) is None
    assert read(WITHDRAW, TABLE) is None


def test_every_number_and_word_of_the_question_must_be_there() -> None:
    assert read("With the Beacon Plus Account, what opens with a deposit of £900?", PLUS) is None
    assert read("With the Beacon Plus Account, how often is a dividend paid?", PLUS) is None
    assert read("With the Beacon Plus Account, how often is interest paid?", PLUS) == "each quarter"


def test_an_answer_of_the_kind_that_is_asked_for_must_be_there() -> None:
    assert read("Who may withdraw money with the Beacon Plus Account a day?", PLUS) is None
    why = "With the Beacon Plus Account, why is interest paid each quarter?"
    assert read(why, PLUS) == "because the rate may change"


def test_a_question_of_somebody_else_s_is_read_too() -> None:
    asked = "How much can the holder of a Beacon Plus Account withdraw at a machine?"
    assert read(asked, PLUS) == "up to £500 a day"
    assert read(asked, STUDENT) is None


def test_a_quotation_is_read_as_being_about_what_is_asked() -> None:
    quote = "Holders may withdraw up to £500 a day at any machine."
    assert read(WITHDRAW, quote) == "up to £500 a day"
    other = "Holders of the Student Tide Account may withdraw up to £300 a day at any machine."
    assert read(WITHDRAW, other) is None


def test_rows_are_read_by_label_and_column() -> None:
    fee = "What is the late payment fee for the First Step card?"
    header, row = (
        "| Card | Interest-free days | Late payment fee |",
        "| First Step | Up to 50 | £6 |",
    )
    assert read(fee, TABLE) == "£6"
    assert read(fee, header, row) == "£6" == read(fee, f"{header}\n\n{row}")
    assert read("What is the late payment fee for the Farshore card?", TABLE) is None
    assert len(mended((header, row))) == 3 and mended((PLUS, TABLE * 3)) == (PLUS, TABLE * 3)


def test_what_a_sentence_is_understood_with() -> None:
    last = next(p for p in passages(PLUS) if p.unit.plain.startswith("It opens"))
    assert last.product == "Beacon Plus Account" and last.before.startswith("Holders")
    assert last.above == ("Beacon Plus Account",) and not last.excerpt


def test_both_parts_of_a_question_must_be_answered() -> None:
    asked = "How much may the Ember Saver hold, and what rate of interest does it pay?"
    one, two = "The Ember Saver may hold up to £500.", "The Ember Saver pays 1.85% gross a year."
    assert read(asked, one, two) == "up to £500; 1.85% gross a year"
    assert read(asked, one) is None is read(asked, two)


def test_the_judge_deployment_abstains_where_the_teacher_may_guess(server: Server) -> None:
    def final(*documents: str) -> str:
        reply = server.client().chat.completions.create(
            model="judge", messages=answer_prompt("gpt", documents, WITHDRAW)
        )
        return read_reply(reply.choices[0].message.content or "").answer

    assert final(STUDENT, PLUS) == "up to £500 a day"
    assert final(STUDENT, TABLE) == "I cannot answer this from the documents."


def repaired(question: str, document: str, *earlier: str) -> str:
    messages = answer_prompt("gpt", [document], question)
    for answer in earlier:
        messages = repair_prompt(messages, answer, "the quotes do not say it", question)
    return teacher.answer(read_prompt(messages))


def test_asked_again_the_teacher_gives_another_answer_while_it_has_one() -> None:
    first = repaired(WITHDRAW, PLUS)
    second = repaired(WITHDRAW, PLUS, first)
    answers = [read_reply(text).answer for text in (first, second)]
    assert answers[0] == "up to £500 a day"
    assert answers[1] == "Holders may withdraw up to £500 a day at any machine."
    third = repaired(WITHDRAW, PLUS, first, second)
    assert read_reply(third).answer in answers


async def chunks_of(name: str) -> list[str]:
    """Chunks of a sample as the pipeline cuts them."""
    pages = clean_pages(await Readers().read(SAMPLES[name], name, "pdf"))
    count = O200kTokenizer().count
    return [chunk.text for chunk in chunk_document(name, pages, count, 192, 0, "markdown")]


def agrees(answer: str | None, other: str) -> bool:
    if answer is None or not (
        numbers(answer) <= numbers(other) or numbers(other) <= numbers(answer)
    ):
        return False
    return answer in other or other in answer or token_f1(answer, other) >= 0.5


@pytest.mark.parametrize("name", SAMPLES)
async def test_round_trip_over_the_samples(name: str) -> None:
    chunks = await chunks_of(name)
    stems, rng = [content_stems(text) for text in chunks], random.Random(1)
    wanted = (("factual", 3), ("procedural", 1), ("comparison", 1), ("table", 1))
    total = oracle = quotes = random_four = nearest_four = 0
    for at, text in enumerate(chunks):
        for _, asked in choose_by_kind((text,), wanted):
            quoted = quotes_of(asked, (text,))
            others = [n for n, other in enumerate(chunks) if n != at and quoted[-1] not in other]
            scores = bm25_scores(content_stems(asked.question), [stems[n] for n in others])
            ranked = sorted(range(len(others)), key=lambda n: -scores[n])
            nearest = [chunks[others[n]] for n in ranked[:4]]
            sample = [chunks[n] for n in rng.sample(others, 4)]
            total += 1
            oracle += agrees(read(asked.question, text), asked.answer)
            quotes += agrees(read(asked.question, "\n".join(quoted)), asked.answer)
            random_four += read(asked.question, *sample) is None
            nearest_four += read(asked.question, *nearest) is None
    assert total >= 60
    assert oracle / total >= 0.9 and quotes / total >= 0.85
    assert random_four / total >= 0.95 and nearest_four / total >= 0.9


def test_no_document_and_no_form() -> None:
    bare = Prompt("", (), "", "What is the fee?", (), False, False)
    assert reader.answer(bare) == "I cannot answer this from the documents."
    plain = Prompt("", (PLUS,), "", WITHDRAW, (), False, False)
    assert reader.answer(plain) == "up to £500 a day"
