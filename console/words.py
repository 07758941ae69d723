"""How values are shown to people: numbers, dollars, times, and the names of things."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

NOTHING = "–"

STAGES = {
    "ingest": "Read documents",
    "generate": "Write questions and answers",
    "dataset": "Build the dataset",
    "approve": "Wait for approval",
    "train": "Train the student",
    "deploy": "Deploy the student",
    "evaluate": "Compare with the baseline",
    "report": "Write the report",
}
SPLITS = {"train": "training", "valid": "validation", "test": "test"}
DROPS = {
    "repeated_question": "asked before, in this or other words",
    "no_final_answer": "no final answer",
    "not_answerable": "the teacher found no answer",
    "no_quote": "nothing quoted",
    "broken_quote": "a quote was not closed",
    "quote_not_verbatim": "a quote is not verbatim",
    "unsupported": "the answer does not follow from its quotes",
    "round_trip_differs": "a second model answers otherwise",
    "round_trip_abstains": "a second model finds no answer",
    "injection_obeyed": "an instruction in the document was followed",
    "stray_code": "a code that nobody asked about",
    "points_at_document": "makes no sense without its document",
    "answerable_from_distractor": "another passage answers it too",
    "unchecked": "its distractors could not be checked",
    "test_quote_in_training": "a test quote stands in training text",
    "truncated": "cut off at the token limit",
    "content_filtered": "refused by the content filter",
    "model_unavailable": "the model could not be reached",
    "model_error": "the model gave no answer",
}
METRICS = {
    "exact_match": "Exact match",
    "token_f1": "Token F1",
    "rouge_l": "ROUGE-L",
    "bleu": "BLEU",
    "quote_accuracy": "Quotes stand in a document",
    "quotes_from_oracle": "Quotes stand in the oracle",
    "oracle_quoted": "The oracle is quoted",
    "oracle_picked": "The oracle is picked",
    "abstention": "Abstains",
    "unsupported_answer": "Answers without support",
    "open_book": "Open book",
    "no_oracle": "Without the oracle",
    "retrieved": "Retrieved",
    "closed_book": "Closed book",
}


def shown(value: Any) -> Any:
    """The value, or a dash for nothing."""
    return NOTHING if value is None else value


def sentence(text: Any) -> str:
    """The text with a capital."""
    words = str(text)
    return words[:1].upper() + words[1:]


def number(value: Any) -> float | None:
    """The value as a finite float, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def count(value: Any) -> str:
    """A whole number with separators."""
    found = number(value)
    return NOTHING if found is None else f"{found:,.0f}"


def counted(value: Any, name: str) -> str:
    """A number with what it counts: "2 pages by vision", "1 page by vision"."""
    first, blank, rest = name.replace("_", " ").partition(" ")
    if value == 1 and first.endswith("s") and not first.endswith("ss"):
        first = first[:-1]
    return f"{count(value)} {first}{blank}{rest}"


def usd(value: Any) -> str:
    """Dollars: cents, or four decimals under one dollar."""
    found = number(value)
    if found is None:
        return NOTHING
    return f"${found:,.4f}" if 0 < found < 1 else f"${found:,.2f}"


def score(value: Any) -> str:
    """Three decimals."""
    found = number(value)
    return NOTHING if found is None else f"{found:.3f}"


def change(value: Any) -> str:
    """Three decimals with a sign, a true minus, and no sign on a rounded zero."""
    found = number(value)
    if found is None:
        return NOTHING
    text = f"{found:+.3f}".replace("-", "−")
    return text[1:] if text[1:] == "0.000" else text


def moment(value: Any) -> str:
    """An ISO time as people write it, in UTC."""
    when = time_of(value)
    return NOTHING if when is None else f"{when.day} {when:%b %Y, %H:%M} UTC"


def duration(seconds: Any) -> str:
    """Seconds as people say them."""
    found = number(seconds)
    if found is None:
        return NOTHING
    whole = max(0, round(found))
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"


def label(name: Any, names: Mapping[str, str]) -> str:
    """What people call it, else its name with blanks."""
    text = str(name)
    return names.get(text) or text.replace("_", " ").strip().capitalize()


def pages(numbers: Sequence[Any]) -> str:
    """Page numbers: "page 3", "pages 3–5"; '' for none."""
    found = sorted({each for each in numbers if isinstance(each, int)})
    if not found:
        return ""
    if len(found) == 1:
        return f"page {found[0]}"
    whole = found[-1] - found[0] == len(found) - 1
    return f"pages {found[0]}–{found[-1]}" if whole else "pages " + ", ".join(map(str, found))


def time_of(value: Any) -> datetime | None:
    """An ISO time in UTC; None for what is none."""
    try:
        when = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
