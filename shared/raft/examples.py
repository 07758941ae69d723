"""Nouns of the dataset, from a verified example over its chosen documents to a finished row."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Example:
    """A question with its chain-of-thought answer, verified against its oracle chunk.

    `answer` is the whole text (reasoning, quotes, `<ANSWER>:`); `final` only what follows
    `<ANSWER>:`; `quotes` are verbatim spans of the chunk. A multi-hop example has a second oracle
    chunk, the next one of its document, named by `second`; its quotes stand in either.
    """

    id: str
    chunk: str
    question: str
    answer: str
    final: str
    quotes: list[str]
    kind: str = "factual"
    second: str = ""

    @property
    def oracles(self) -> list[str]:
        """Ids of the chunks that the answer comes from."""
        return [self.chunk, self.second] if self.second else [self.chunk]


@dataclass(frozen=True)
class Drop:
    """A question or answer that did not become an example, kept apart with its reason.

    `answer` is the last one given, '' when the question was dropped unasked.
    """

    question: str
    code: str
    reason: str
    answer: str = ""
    kind: str = ""


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
class Choice:
    """What an example will be shown with, before it is checked and composed into a row.

    `distractors` are one more than a row with its oracle shows: a row without it shows them all.
    `spares` take the place of distractors that turn out to hold the answer, in this order.
    """

    example: Example
    split: str
    group: str
    oracles: list[ShownDocument]
    distractors: list[ShownDocument]
    spares: list[ShownDocument] = field(default_factory=list)


@dataclass(frozen=True)
class ChoiceVerdict:
    """What checking a choice found: the chunks of distractors that answer the question and are
    to be replaced by spares, or why the example is dropped (`code` not '')."""

    id: str
    replaced: list[str] = field(default_factory=list)
    code: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """One dataset row. `oracles` are its oracles' positions among `documents`, [] when left out.

    `label` is the assistant text to train on; `answer` and `final` are the teacher's.
    """

    id: str
    split: str
    group: str
    question: str
    documents: list[ShownDocument]
    oracles: list[int]
    label: str
    answer: str
    final: str
    quotes: list[str]
    kind: str = "factual"

    @property
    def shows_oracle(self) -> bool:
        """Whether the documents that hold the answer are shown: all of them or none are."""
        return bool(self.oracles)
