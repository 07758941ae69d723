"""What is measured in which setting of the evaluation, on which scale, and which way is better."""

from __future__ import annotations

OPEN_BOOK = "open_book"
NO_ORACLE = "no_oracle"
RETRIEVED = "retrieved"
CLOSED_BOOK = "closed_book"
DISTRACTORS = "distractors"  # the sweep: a setting for each number of distractors

_SAME_ANSWER = ("exact_match", "token_f1", "rouge_l", "bleu")
# Defined only where an oracle is shown: a retriever may have missed it.
OF_ORACLE = ("quotes_from_oracle", "oracle_quoted", "oracle_picked")
_WITH_DOCUMENTS = (*_SAME_ANSWER, "quote_accuracy", *OF_ORACLE, "abstention")
LOCAL_METRICS = (*_WITH_DOCUMENTS, "unsupported_answer")
JUDGE_METRICS = (
    "faithfulness",
    "answer_relevancy",
    "semantic_similarity",
    "answer_correctness",
    "factual_correctness",
    "groundedness",
    "similarity",
)
CONTEXT_PRECISION = "context_precision"  # of the documents, whatever a model answers

_LOCAL = {
    OPEN_BOOK: _WITH_DOCUMENTS,
    NO_ORACLE: ("abstention", "unsupported_answer"),
    RETRIEVED: _WITH_DOCUMENTS,
    CLOSED_BOOK: (*_SAME_ANSWER, "abstention"),
    DISTRACTORS: _WITH_DOCUMENTS,
}
RATINGS = ("groundedness", "similarity")  # by a rubric
RATING_SCALE = (1.0, 5.0)


def local_metrics(setting: str) -> tuple[str, ...]:
    """Metrics of a setting that need no model."""
    return _LOCAL[setting]


def is_judged(setting: str) -> bool:
    """Whether the judge scores answers of the setting."""
    return setting in (OPEN_BOOK, RETRIEVED)


def scale_of(metric: str) -> tuple[float, float]:
    """Least and greatest value."""
    return RATING_SCALE if metric in RATINGS else (0.0, 1.0)


def better_way(setting: str, metric: str) -> int:
    """1 where more is better, −1 where less is, 0 where neither is by itself.

    To abstain is right without the oracle and wrong beside it. Of retrieved documents, and of no
    document, it depends on the question.
    """
    if metric == "abstention":
        return {NO_ORACLE: 1, OPEN_BOOK: -1, DISTRACTORS: -1}.get(setting, 0)
    return -1 if metric == "unsupported_answer" else 1
