"""Scores of one answer that need no model, each in 0…1, computed alike for every model.

Normalisation follows SQuAD's evaluation script (arXiv 1606.05250): lower case, no punctuation,
no articles.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

from shared.raft.answers import is_verbatim, parse_answer, squash

LOCAL_METRICS = ("exact_match", "token_f1", "quote_accuracy", "oracle_quoted")

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalise_answer(text: str) -> str:
    """Lower case, without punctuation and articles, white space squashed."""
    return squash(_ARTICLES.sub(" ", text.casefold().translate(_PUNCTUATION)))


def exact_match(answer: str, reference: str) -> float:
    """1 when both are the same after normalisation."""
    return float(normalise_answer(answer) == normalise_answer(reference))


def token_f1(answer: str, reference: str) -> float:
    """F1 over the words of both; 1 when both are empty, 0 when one is."""
    ours, theirs = normalise_answer(answer).split(), normalise_answer(reference).split()
    if not ours or not theirs:
        return float(ours == theirs)
    common = sum((Counter(ours) & Counter(theirs)).values())
    return 2 * common / (len(ours) + len(theirs))


def quote_accuracy(quotes: Sequence[str], documents: Sequence[str]) -> float:
    """Share of the quotes that stand verbatim in some document shown; 0 without a quote."""
    if not quotes:
        return 0.0
    return sum(any(is_verbatim(q, d) for d in documents) for q in quotes) / len(quotes)


def oracle_quoted(quotes: Sequence[str], oracle: str, reference_quotes: Sequence[str]) -> float:
    """1 when some quote is verbatim from the oracle and overlaps a quote of the reference."""
    return float(
        any(
            is_verbatim(quote, oracle)
            and any(is_verbatim(quote, r) or is_verbatim(r, quote) for r in reference_quotes)
            for quote in quotes
        )
    )


def score_answer(
    answer: str,
    *,
    final: str,
    documents: Sequence[str],
    oracle: str,
    reference_quotes: Sequence[str],
) -> dict[str, float]:
    """All local metrics of one answer against its reference `final` answer.

    An answer without `<ANSWER>:` is scored as a whole: form is not what is compared here.
    """
    parsed = parse_answer(answer)
    given = parsed.final or parsed.text
    return {
        "exact_match": exact_match(given, final),
        "token_f1": token_f1(given, final),
        "quote_accuracy": quote_accuracy(parsed.quotes, documents),
        "oracle_quoted": oracle_quoted(parsed.quotes, oracle, reference_quotes),
    }
