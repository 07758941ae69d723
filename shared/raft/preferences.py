"""Pairs of answers for direct preference optimisation: the preferred one, and one that is worse.

Worse is the baseline's own answer where it is wrong or quotes what was not shown, since a student
learns most from mistakes that it would make. Elsewhere it is an answer that quotes the distractor
sentence nearest to the question, word for word: it has the right form and the wrong source
(PA-RAG, arXiv 2412.14510; RAG-DDR, 2410.13509). The form of a pair is Azure OpenAI's:
https://learn.microsoft.com/azure/ai-services/openai/how-to/fine-tuning-direct-preference-optimization
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from shared.raft.answers import is_verbatim, parse_answer, squash
from shared.raft.bm25 import Bm25
from shared.raft.examples import Row
from shared.raft.prompts import ANSWER, BEGIN_QUOTE, END_QUOTE, student_prompt
from shared.raft.verification import agrees
from shared.raft.word_table import WordTable

Record = dict[str, Any]

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n\s*\n")


def preference_record(row: Row, own: str = "") -> Record | None:
    """The row's label preferred to a worse answer; None when there is no worse one.

    `own` is an answer of the baseline that is known to be worse; without, a distractor's sentence
    makes one.
    """
    rejected = own or _from_distractor(row)
    if not rejected:
        return None
    texts = [document.text for document in row.documents]
    return pair_record(student_prompt(texts, row.question), row.label, rejected)


def pair_record(messages: Sequence[Mapping[str, str]], preferred: str, rejected: str) -> Record:
    """Two answers to one prompt."""
    return {
        "input": {"messages": list(messages)},
        "preferred_output": [{"role": "assistant", "content": preferred}],
        "non_preferred_output": [{"role": "assistant", "content": rejected}],
    }


def is_worse(answer: str, row: Row) -> bool:
    """Whether an answer to the row's prompt is worse than the row's label.

    It is where it says something else, abstains where it should not or the other way, or does not
    quote the oracle that is shown.
    """
    given, label = parse_answer(answer), parse_answer(row.label)
    if label.abstains or given.abstains:
        return label.abstains != given.abstains
    final = given.final or given.text
    if not agrees(row.final, final, row.question):
        return True
    shown = [row.documents[place].text for place in row.oracles]
    if not shown:
        return False
    return not any(is_verbatim(quote, text) for quote in given.quotes for text in shown)


def _from_distractor(row: Row) -> str:
    """A well-formed answer from the nearest distractor sentence; '' without a distractor."""
    candidates = [
        squash(sentence)
        for index, document in enumerate(row.documents)
        if index not in row.oracles
        for sentence in _SENTENCE_END.split(document.text)
    ]
    usable = [c for c in candidates if c and not any(is_verbatim(q, c) for q in row.quotes)]
    if not usable:
        return ""
    nearest = Bm25(WordTable(usable)).nearest(row.question, 1)
    wrong = usable[nearest[0]] if nearest else usable[0]
    return f"The sentence that answers this is: {BEGIN_QUOTE}{wrong}{END_QUOTE}\n{ANSWER} {wrong}"
