"""Reads an answer's form (reasoning, quotes, `<ANSWER>:`) and checks it against its source.

Quotes must stand verbatim in the chunk, white space aside: the peers' data sets have up to 7 %
quotes that do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.raft.prompts import ABSTAIN, ANSWER, BEGIN_QUOTE, END_QUOTE

_QUOTE = re.compile(rf"{BEGIN_QUOTE}(.*?){END_QUOTE}", re.DOTALL)
# The last marker counts: a quote may hold another. Markdown's stars around it are no answer.
_FINAL = re.compile(r".*<ANSWER>[\s*]*:?(.*?)(?:</ANSWER>[\s*]*)?\Z", re.DOTALL)
_MARKERS = re.compile(f"{BEGIN_QUOTE}|{END_QUOTE}")
_ABSTAIN = " ".join(ABSTAIN.casefold().split()).rstrip(".")


@dataclass(frozen=True)
class ParsedAnswer:
    """An answer in parts; `final` is '' when there is no `<ANSWER>:`, and has no quote marks."""

    text: str
    quotes: list[str]
    final: str

    @property
    def reasoning(self) -> str:
        """What is said beside quotes and final answer."""
        return _QUOTE.sub(" ", self.text.rpartition("<ANSWER>")[0])

    @property
    def abstains(self) -> bool:
        """Whether the answer says that the documents do not hold it."""
        return squash(self.final).casefold().rstrip(".") == _ABSTAIN


def parse_answer(text: str) -> ParsedAnswer:
    """Parts of an answer; tolerant of a missing colon, stray white space and bold type."""
    final = _FINAL.match(text)
    quotes = [quote.strip() for quote in _QUOTE.findall(text)]
    return ParsedAnswer(
        text=text.strip(),
        quotes=[quote for quote in quotes if quote],
        final=squash(_MARKERS.sub("", final.group(1))).strip("* ") if final else "",
    )


def squash(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(text.split())


def is_verbatim(quote: str, source: str) -> bool:
    """Whether the quote stands in the source, white space aside."""
    return squash(quote) in squash(source)


def verify_answer(answer: ParsedAnswer, *chunks: str) -> tuple[str, str] | None:
    """Why a teacher's answer to a question about the chunks cannot be used, as (code, reason);
    None when it can. Each quote stands in one of the chunks."""
    if not answer.final:
        return "no_final_answer", f"the answer has no {ANSWER} line"
    if answer.abstains:
        return "not_answerable", "the teacher could not answer its own question from the chunk"
    if not answer.quotes:
        return "no_quote", "the answer quotes nothing"
    if answer.text.count(BEGIN_QUOTE) != answer.text.count(END_QUOTE):
        return "broken_quote", "a quote is opened and not closed"
    for quote in answer.quotes:
        if not any(is_verbatim(quote, chunk) for chunk in chunks):
            return "quote_not_verbatim", f"not in the document: {squash(quote)[:120]}"
    return None


def without_source(final: str) -> str:
    """The label of a row whose oracle is left out: the answer, quoting nothing that is unseen."""
    return f"None of the documents shown holds the answer; it is known otherwise.\n{ANSWER} {final}"


def abstention() -> str:
    """The label of a row whose oracle is left out, when the student shall learn to abstain."""
    return f"{ANSWER} {ABSTAIN}"
