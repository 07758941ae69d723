"""Scores of one answer that need no model, each in 0…1, computed alike for every model.

Normalisation follows SQuAD's evaluation script (arXiv 1606.05250): lower case, no punctuation,
no articles.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

from shared.raft.answers import ParsedAnswer, is_verbatim, parse_answer, squash
from shared.raft.metrics import LOCAL_METRICS, NO_ORACLE, OF_ORACLE, local_metrics
from shared.raft.overlap import bleu, rouge_l

__all__ = ["LOCAL_METRICS", "score_answer"]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_KNOWN = 0.5  # token F1 from which an answer without its document counts as known, not made up
_SOURCE = r"(?:documents?|context|passages?|texts?|excerpts?|information)"
_HOLD = r"(?:contain|mention|state|say|provide|answer|specify|include|hold|give)"
_REFUSAL = re.compile(
    r"\b(?:cannot|can['’]?t|can not|unable to|not possible to) (?:be )?(?:answer|determine)"
    rf"|\b{_SOURCE}\b[^.?!]{{0,30}}\b(?:do|does|did)(?: not|n['’]t) {_HOLD}"
    rf"|\b(?:none|neither|no)\b(?: of)?(?: the)? {_SOURCE}\b[^.?!]{{0,30}}\b{_HOLD}s?\b"
    rf"|\bnot (?:{_HOLD}(?:e?d)?|given) (?:in|by) (?:any of )?(?:the )?(?:\w+ )?{_SOURCE}"
    r"|\b(?:insufficient|not enough) information|\bI (?:do not|don['’]t) know\b",
    re.IGNORECASE,
)


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


def oracle_picked(quotes: Sequence[str], documents: Sequence[str], oracles: Sequence[int]) -> float:
    """1 when the document that holds most of the quotes is an oracle; 0 without a quote there.

    Of documents that hold equally many, an oracle counts as picked: they share the passage.
    """
    held = [sum(is_verbatim(quote, document) for quote in quotes) for document in documents]
    most = max(held, default=0)
    return float(most > 0 and any(held[place] == most for place in oracles))


def abstains(answer: ParsedAnswer) -> bool:
    """Whether the answer says that it cannot be given: as the prompt asks, or in other words.

    Other words count only where nothing is quoted: a quoted answer is an answer.
    """
    given = answer.final or answer.text
    return answer.abstains or (not answer.quotes and bool(_REFUSAL.search(given)))


def score_answer(
    answer: str,
    *,
    setting: str,
    final: str,
    documents: Sequence[str],
    oracles: Sequence[int],
    reference_quotes: Sequence[str],
) -> dict[str, float]:
    """The setting's local metrics of one answer against its reference `final` answer.

    `oracles` are positions among `documents`; without any, metrics of the oracle are left out.
    An answer without `<ANSWER>:` is scored as a whole: form is not what is compared here.
    """
    parsed = parse_answer(answer)
    given = parsed.final or parsed.text
    ours, theirs = normalise_answer(given).split(), normalise_answer(final).split()
    f1, silent = token_f1(given, final), abstains(parsed)
    oracle = "\n\n".join(documents[place] for place in oracles)
    scores = {
        "exact_match": exact_match(given, final),
        "token_f1": f1,
        "rouge_l": rouge_l(ours, theirs),
        "bleu": bleu(ours, theirs),
        "quote_accuracy": quote_accuracy(parsed.quotes, documents),
        "quotes_from_oracle": quote_accuracy(parsed.quotes, [documents[at] for at in oracles]),
        "oracle_quoted": oracle_quoted(parsed.quotes, oracle, reference_quotes),
        "oracle_picked": oracle_picked(parsed.quotes, documents, oracles),
        "abstention": float(silent),
        "unsupported_answer": float(not silent and f1 < _KNOWN),
    }
    unknown = () if oracles or setting == NO_ORACLE else OF_ORACLE
    return {name: scores[name] for name in local_metrics(setting) if name not in unknown}
