"""The fine-tuned student: two trained rankers, one over sentences and one over answer spans.

Its knowledge is its weights file, written by the trainer from an uploaded training file and from
nothing else. It answers in the RAFT format when the prompt asks for it or the file taught it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from local.models.features import sentence_features, span_features
from local.models.prompts import NO_ANSWER, Prompt, raft_answer, raft_refusal
from local.models.ranker import Parameters, scores
from local.models.units import Unit

FIELDS = tuple(Parameters.__dataclass_fields__)
REASONING = "The sentence that answers this is:"


@dataclass
class Student:
    """A loaded model. `quotes` says whether the training answers had quotes in them."""

    sentences: Parameters
    spans: Parameters
    quotes: bool

    def pick(self, question: str, documents: tuple[str, ...]) -> Unit | None:
        """The unit that supports the answer, or None for "none of the documents"."""
        found = sentence_features(question, documents)
        best = int(scores(self.sentences, found.features).argmax())
        return found.units[best] if best < len(found.units) else None

    def shorten(self, question: str, unit: Unit) -> str:
        """The span of the unit that answers, as long as the training answers are."""
        found, features = span_features(question, unit)
        return found[int(scores(self.spans, features).argmax())].text

    def answer(self, prompt: Prompt) -> str:
        """Replies to a question over the documents of the prompt."""
        unit = self.pick(prompt.question, prompt.documents) if prompt.documents else None
        raft = prompt.raft_format or self.quotes
        if unit is None:
            return raft_refusal("None of the documents says this.") if raft else NO_ANSWER
        answer = self.shorten(prompt.question, unit)
        return raft_answer(REASONING, (unit.text,), answer) if raft else answer

    def save(self, path: Path) -> None:
        """Writes the weights."""
        arrays = {f"sentences_{name}": getattr(self.sentences, name) for name in FIELDS}
        arrays |= {f"spans_{name}": getattr(self.spans, name) for name in FIELDS}
        temporary = path.with_name("part-" + path.name)
        np.savez(temporary, quotes=np.array(self.quotes), **arrays)
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Student":
        """Reads the weights back."""
        with np.load(path) as arrays:
            sentences = Parameters(*(arrays[f"sentences_{name}"] for name in FIELDS))
            spans = Parameters(*(arrays[f"spans_{name}"] for name in FIELDS))
            return cls(sentences, spans, bool(arrays["quotes"]))
