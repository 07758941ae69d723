"""The examples of the report: answers with their quotes, and the documents they are quoted from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from shared.adapters.report_numbers import ranges, shown
from shared.raft.prompts import BEGIN_QUOTE

_HALVES = {
    True: "[a quote begins here and is never closed] ",
    False: " [a quote ends here that was never opened]",
}


def answer(parts: Iterable[Mapping[str, Any]], name: str = "", whose: str = "") -> Markup:
    """An answer with its quotes highlighted and its final answer named; the rest is text.

    `parts` are as the reporting service cuts them. A quote that was looked for leads to the
    element called `name`-0, `name`-1, … of the document that holds it, or is marked as standing
    in none. `whose` is the class of its quotes.
    """
    marked = []
    for part in parts:
        if part["kind"] == "answer":
            marked.append(Markup("<strong>Answer:</strong>"))
        elif part["kind"] == "half":
            words = _HALVES[part["text"] == BEGIN_QUOTE]
            marked.append(Markup('<span class="fault">{}</span>').format(words))
        elif part["kind"] == "quote":
            marked.append(_quote(part, name, whose))
        else:
            marked.append(escape(shown(part["text"])))
    return Markup("").join(marked)


def _quote(part: Mapping[str, Any], name: str, whose: str) -> Markup:
    text, documents = part["text"], part.get("documents")
    if documents is None:
        return Markup("<mark>{}</mark>").format(text)
    if documents:
        place = int(documents[0])
        return Markup('<mark class="{}">{}</mark><a class="where" href="#{}-{}">{}</a>').format(
            whose, text, name, place, f"document {place + 1}"
        )
    return Markup('<mark class="unverified">{}</mark><span class="fault">{}</span>').format(
        text, " ✗ in none of the documents shown"
    )


def example_view(example: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An example whose documents are elements of their own, called `name`-0, `name`-1, …"""
    documents = [
        {
            **document,
            "id": f"{name}-{at}",
            "number": at + 1,
            "where": ranges(document.get("pages") or []),
            "text": highlighted(document["parts"]),
        }
        for at, document in enumerate(example["documents"])
    ]
    answers = {
        whose: answer(example["said"][whose], name, whose) for whose in ("baseline", "student")
    }
    return {
        **example,
        **answers,
        "documents": [one for one in documents if one["oracle"] or one["quoted_by"]],
        "others": [one for one in documents if not one["oracle"] and not one["quoted_by"]],
    }


def highlighted(parts: Iterable[Mapping[str, Any]]) -> Markup:
    """A document with everyone's quotes marked, and behind each mark whose quote it is."""
    marked: list[str] = []
    before: Sequence[str] = ()
    for part in parts:
        if before and before != part["by"]:
            marked.append(_tag(before))
        before = part["by"]
        if before:
            kind = "both" if len(before) > 1 else before[0]
            marked.append(Markup('<mark class="{}">{}</mark>').format(kind, part["text"]))
        else:
            marked.append(escape(part["text"]))
    if before:
        marked.append(_tag(before))
    return Markup("").join(marked)


def _tag(whose: Sequence[str]) -> Markup:
    return Markup(' <span class="by">{}</span>').format(" + ".join(whose))
