"""Nouns of the dataset: a verified example, a dropped question, and a row as a model sees it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Example:
    """A question with its chain-of-thought answer, verified against its oracle chunk.

    `answer` is the whole text (reasoning, quotes, `<ANSWER>:`); `final` only what follows
    `<ANSWER>:`; `quotes` are verbatim spans of the chunk.
    """

    id: str
    chunk: str
    question: str
    answer: str
    final: str
    quotes: list[str]


@dataclass(frozen=True)
class Drop:
    """A question or answer that did not become an example, kept apart with its reason."""

    question: str
    code: str
    reason: str


@dataclass(frozen=True)
class ChunkExamples:
    """All that generation made of one chunk."""

    chunk: str
    examples: list[Example] = field(default_factory=list)
    drops: list[Drop] = field(default_factory=list)


@dataclass(frozen=True)
class ShownDocument:
    """A document as it stands in a prompt, and where it comes from."""

    chunk: str
    text: str
    document: str = ""
    pages: list[int] = field(default_factory=list)
    heading: str = ""


@dataclass(frozen=True)
class Row:
    """One dataset row. `oracle` is its position among `documents`, -1 when it is left out.

    `label` is the assistant text to train on; `answer` and `final` are the teacher's.
    """

    id: str
    split: str
    group: str
    question: str
    documents: list[ShownDocument]
    oracle: int
    label: str
    answer: str
    final: str
    quotes: list[str]
