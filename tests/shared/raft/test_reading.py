"""Which text layers are poor: every sign alone, and nothing that a person wrote."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from shared.raft.documents import Page
from shared.raft.reading import not_text, poor_text_layer, refusal_of_unread

SOURCES = sorted(Path("samples/bank/text").glob("*.md"))
TEXT = Path("samples/bank/text/accounts-guide.md").read_text(encoding="utf-8")[:3_000]
LANGUAGES = {
    "german": "Die monatliche Gebühr für das Konto beträgt fünf Euro und wird am ersten Werktag "
    "des Monats abgebucht. Kunden, die jünger als sechsundzwanzig Jahre sind, zahlen nichts. ",
    "french": "Les frais mensuels du compte sont de cinq euros et sont prélevés le premier jour "
    "ouvrable du mois. Les clients âgés de moins de vingt-six ans ne paient pas de frais. ",
    "polish": "Miesięczna opłata za konto wynosi pięć euro i jest pobierana pierwszego dnia "
    "roboczego miesiąca. Klienci poniżej dwudziestego szóstego roku życia nie płacą opłat. ",
    "finnish": "Tilin kuukausimaksu on viisi euroa ja se veloitetaan kuukauden ensimmäisenä "
    "pankkipäivänä. Alle kaksikymmentäkuusivuotiaat asiakkaat eivät maksa maksua. ",
    "russian": "Ежемесячная плата за счёт составляет пять евро и взимается в первый рабочий день. ",
    "japanese": "口座の月額手数料は五ユーロで、毎月の最初の営業日に引き落とされます。",
}


def page(text: str = "", pictured: float = 0.0, drawn: bool = False, problem: str = "") -> Page:
    return Page(1, text, pictured=pictured, drawn=drawn or pictured > 0, problem=problem)


def shifted(text: str, by: int) -> str:
    """The text as a font without a mapping gives it: every character so many places on."""
    return "".join(chr(ord(c) + by) if c.isalpha() and c.isascii() else c for c in text)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_prose_lists_and_tables_are_good(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    parts = [text[at : at + 2_000] for at in range(0, len(text), 2_000)]
    assert [poor_text_layer(page(part, drawn=True)) for part in parts] == [""] * len(parts)


@pytest.mark.parametrize("name", LANGUAGES)
def test_languages_are_good(name: str) -> None:
    assert not_text(LANGUAGES[name] * 6) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Closed on Sundays.",
        "\n".join(f"| {n}.0{n} | 12{n}.50 | {n * 7} % | -{n} |" for n in range(40)),
        "\n".join(f"Chapter {n} ........................................ {n}" for n in range(40)),
        "\n".join(
            f"\uf0b7 An item of a list with a bullet of a symbol font, {n}" for n in range(20)
        ),
        "The Donaudampfschifffahrtsgesellschaftskapitän lives at the river, where the boats land, "
        "and he counts the people who leave them every day until the evening falls. " * 5,
        "See https://example.org/a/very/long/address/of/a/page/that/nobody/types for more. " * 5,
        "IBAN GB29NWBK60161331926819 BIC NWBKGB2L SWIFT XJQZKWVB\n" * 12,
        "GRADES: A B C D E F\n" * 3,
    ],
)
def test_odd_but_whole_text_is_good(text: str) -> None:
    assert poor_text_layer(page(text)) == ""


def test_a_blank_page_needs_nothing_and_one_that_shows_something_does() -> None:
    assert poor_text_layer(page()) == ""
    assert "holds no text" in poor_text_layer(page(" \n", drawn=True))
    assert "picture" in poor_text_layer(page(pictured=1.0))


def test_a_stamp_on_a_scan_is_not_its_text() -> None:
    stamp = "Received 9 March 2026 at the Pellwick branch. Page 3 of 10."
    assert "characters only" in poor_text_layer(page(stamp, pictured=0.95))
    assert poor_text_layer(page(stamp, pictured=0.3)) == ""
    assert poor_text_layer(page(TEXT, pictured=0.95)) == ""


def test_a_page_that_could_not_be_read_is_poor() -> None:
    assert poor_text_layer(page(problem="PdfiumError: broken"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TEXT.replace("fi", "\ufffd").replace("th", "\ue001"), "characters that are none"),
        (" ".join("\ue001\ue002\ue003" for _ in range(50)), "characters that are none"),
        (" ".join("\ue001" for _ in range(50)), "characters that are none"),
        ("\x01\x02\x03 \x04\x05\x06 \x07\x08 " * 20, "characters that are none"),
        (shifted(TEXT, 3), "no language"),
        (shifted(TEXT, -29), ""),
        (TEXT.replace(" ", ""), "spaces are missing"),
        (" ".join(TEXT.replace(" ", "")), "single letters"),
        ("!\"#$%&'()+,/:;<>?@[]^{}~" * 10, "signs"),
    ],
)
def test_each_sign_of_a_broken_layer_is_enough(text: str, words: str) -> None:
    reason = poor_text_layer(page(text, drawn=True))
    assert reason
    assert words in reason


def test_shuffled_letters_are_no_text() -> None:
    letters = list(TEXT)
    random.Random(1).shuffle(letters)
    assert not_text("".join(letters))


def test_a_document_without_text_is_refused_by_what_its_pages_say() -> None:
    scanned = refusal_of_unread("a.pdf", [page(), page()])
    assert (scanned.code, str(scanned)) == (
        "no_text",
        "a.pdf has 2 pages and none holds text: it may be scanned",
    )
    broken = refusal_of_unread("a.pdf", [page(), page(problem="no stream")])
    assert (broken.code, str(broken)) == ("damaged", "page 1 of a.pdf cannot be read: no stream")
