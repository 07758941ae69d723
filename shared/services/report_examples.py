"""Questions that the student answered much better or worse, with the documents it was shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.raft.answers import parse_answer
from shared.raft.examples import Row, ShownDocument
from shared.raft.sheets import MODELS
from shared.services.comparing import HEADLINE_METRIC
from shared.services.report_quotes import Quotes, answer_parts, holding, source_parts

_SHOWN = 5  # examples on each side
_MOST = 6_000  # characters of a document: a chunk may have many more


def examples(answers: Sequence[Mapping[str, Any]], sign: int) -> list[dict[str, Any]]:
    """Rows where the student won (sign 1) or lost (−1) most on the headline metric: {difference,
    question, kind, reference, baseline, student, said, source, documents}.

    `said` has the parts of both models' answers, as `answer_parts` tells. A document is {name,
    pages, heading, oracle, quoted_by, parts, cut}, its parts as `source_parts` tells.
    """
    found = []
    for entry in answers:
        values = [entry[model]["scores"].get(HEADLINE_METRIC) for model in MODELS]
        if None not in values and (values[1] - values[0]) * sign > 0:
            found.append((values[1] - values[0], entry))
    found.sort(key=lambda each: -sign * each[0])
    return [_example(difference, entry) for difference, entry in found[:_SHOWN]]


def _example(difference: float, entry: Mapping[str, Any]) -> dict[str, Any]:
    row: Row = entry["row"]
    given = {model: entry[model]["answer"] for model in MODELS}
    texts = [document.text for document in row.documents]
    quotes = {"reference": row.quotes}
    quotes |= {model: parse_answer(given[model]).quotes for model in MODELS}
    return {
        "difference": difference,
        "question": row.question,
        "kind": row.kind,
        "reference": row.final,
        **given,
        "said": {model: answer_parts(given[model], texts) for model in MODELS},
        "source": ", ".join(row.documents[place].chunk for place in row.oracles),
        "documents": [
            _document(document, at in row.oracles, quotes)
            for at, document in enumerate(row.documents)
        ],
    }


def _document(document: ShownDocument, oracle: bool, quotes: Quotes) -> dict[str, Any]:
    own = {
        whose: [quote for quote in said if holding(quote, [document.text])]
        for whose, said in quotes.items()
    }
    parts = source_parts(document.text, own)
    cut = len(document.text) > _MOST
    return {
        "name": document.document or document.chunk,
        "pages": document.pages,
        "heading": document.heading,
        "oracle": oracle,
        "quoted_by": [whose for whose, said in own.items() if said],
        "parts": source_parts(_excerpt(document.text, parts), own) if cut else parts,
        "cut": cut,
    }


def _excerpt(text: str, parts: Sequence[Mapping[str, Any]]) -> str:
    """Of a long text the part about its first quote, or its beginning."""
    first = 0
    for part in parts:
        if part["by"]:
            break
        first += len(part["text"])
    begin = max(0, first - _MOST // 4) if first < len(text) else 0
    return text[begin : begin + _MOST]
