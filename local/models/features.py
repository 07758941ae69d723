"""What the student sees of a question and its candidates: numbers only, no learned state.

`sentence_features` has one row per unit of the prompt and a last one for "none of the documents";
`span_features` one row per candidate answer within a unit. Facts of a document are computed once
and cached, because the same chunks come back in many prompts.
"""

import itertools
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from local.models.bm25 import bm25_scores, inverse_frequencies
from local.models.patterns import MONTH, YEAR
from local.models.spans import QUESTION_KINDS, SPAN_KINDS, WANTED, Span, question_kind, spans
from local.models.units import ENTRY, HEADING, ITEM, ROW, Unit, read_units
from local.models.words import NEGATIONS, NUMBER, content_stems, stem, words

Matrix = np.ndarray

CUES = {
    "money": r"[$€£]|%|\bfree\b|\bno (?:fee|charge|cost)|\bwaived",
    "count": r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|several|unlimited)\b",
    "duration": r"\b(?:second|minute|hour|day|week|month|year)s?\b",
    "time": rf"\b{YEAR}\b|\b{MONTH}|\b(?:\d\d:\d\d|when|until|before|after|day)\b",
    "person": r"(?:[A-Z]\w+ ){1,}[A-Z]\w+",
    "place": r"\b(?:in|at|on|from|near|through)\b",
    "reason": r"\b(?:because|since|due to|so that|so|as|therefore|in order)\b",
    "means": r"\b(?:by|through|via|using|with|online|call|visit)\b",
    "consequence": r"\b(?:if|when|unless|once)\b",
    "definition": r"\b(?:is|are|was|were|means|refers)\b",
}
_CUES = {kind: re.compile(pattern) for kind, pattern in CUES.items()}
FITTED = tuple(_CUES)
KINDS = (ITEM, ROW, ENTRY, HEADING)
PRONOUN = re.compile(r"^(?:It|This|These|They|He|She|That|Those|Such|Its|Their)\b")
N_SENTENCE = 27 + len(FITTED) + len(KINDS) + 6
BASE_WEIGHT = 8.0
N_SPAN = 12 + len(QUESTION_KINDS) * len(SPAN_KINDS)


def base_sentence_weights() -> Matrix:
    """The base model as weights of these features: BM25 and nothing else."""
    weights = np.zeros(N_SENTENCE)
    weights[0] = BASE_WEIGHT
    weights[-5] = 1.0
    return weights


@dataclass(frozen=True)
class Facts:
    """What is known of a unit before any question is asked."""

    unit: Unit
    stems: tuple[str, ...]
    stem_set: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    wide: frozenset[str]
    prefixes: frozenset[str]
    numbers: frozenset[str]
    cues: tuple[bool, ...]


@lru_cache(maxsize=4096)
def facts_of(document: str) -> tuple[Facts, ...]:
    """Facts of every unit of a document."""
    units = read_units(document)
    all_stems = [tuple(content_stems(unit.plain)) for unit in units]
    found = []
    for index, unit in enumerate(units):
        own = all_stems[index]
        around = [*content_stems(unit.heading), *content_stems(" ".join(unit.header))]
        for near in (index - 1, index + 1):
            if 0 <= near < len(units):
                around.extend(all_stems[near])
        found.append(
            Facts(
                unit=unit,
                stems=own,
                stem_set=frozenset(own),
                pairs=frozenset(itertools.pairwise(own)),
                wide=frozenset(own) | frozenset(around),
                prefixes=frozenset(item[:5] for item in own),
                numbers=frozenset(NUMBER.findall(unit.plain)),
                cues=tuple(bool(cue.search(unit.plain)) for cue in _CUES.values()),
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class Candidates:
    """The units of a prompt with their features; the last row of `features` is "none"."""

    units: tuple[Unit, ...]
    features: Matrix


def _longest_run(query: tuple[str, ...], text: tuple[str, ...]) -> int:
    best = 0
    row = [0] * (len(query) + 1)
    for item in text:
        previous = 0
        for at, other in enumerate(query, start=1):
            keep = row[at]
            row[at] = previous + 1 if item == other else 0
            best = max(best, row[at])
            previous = keep
    return best


def sentence_features(question: str, documents: tuple[str, ...]) -> Candidates:
    """Features of every unit for this question, and of "none of them"."""
    groups = [facts_of(document) for document in documents]
    facts = [fact for group in groups for fact in group]
    query = tuple(content_stems(question)) or tuple(stem(word) for word in words(question))
    kind = question_kind(question)
    defining = float(kind == "definition")
    asked_numbers = frozenset(NUMBER.findall(question))
    names = frozenset(
        stem(word.lower()) for word in re.findall(r"(?<=[a-z,] )[A-Z][\w'’-]+", question)
    )
    texts = [fact.stems for fact in facts]
    idf = inverse_frequencies(texts)
    weights = {term: idf.get(term, math.log(2 * len(facts) + 3)) for term in set(query)}
    total = sum(weights.values()) or 1.0
    scores = bm25_scores(query, texts)
    top = max(scores, default=0.0) or 1.0
    order = {
        index: rank
        for rank, index in enumerate(sorted(range(len(scores)), key=lambda i: -scores[i]))
    }
    pairs = set(itertools.pairwise(query))
    prefixes = {item[:5] for item in weights}
    document_scores = bm25_scores(query, [[s for f in group for s in f.stems] for group in groups])
    document_top = max(document_scores, default=0.0) or 1.0
    rows = np.zeros((len(facts) + 1, N_SENTENCE))
    at = 0
    for group, document_score in zip(groups, document_scores, strict=True):
        present: set[str] = set()
        for fact in group:
            present |= fact.stem_set
        document_cover = sum(w for term, w in weights.items() if term in present) / total
        best_here = max(scores[at : at + len(group)], default=0.0)
        for place, fact in enumerate(group):
            own = sum(w for term, w in weights.items() if term in fact.stem_set) / total
            wide = sum(w for term, w in weights.items() if term in fact.wide) / total
            bm25 = scores[at] / top
            fresh = len(fact.stem_set - weights.keys())
            opening = sum(weights.get(term, 0.0) for term in set(fact.stems[:4])) / total
            row = [
                bm25,
                bm25 * bm25,
                scores[at] / 10,
                own,
                own * own,
                wide,
                wide - own,
                document_cover,
                document_score / document_top,
                len(pairs & fact.pairs) / (len(pairs) or 1),
                _longest_run(query, fact.stems) / len(query) if own else 0.0,
                len(weights.keys() & fact.stem_set) / (len(weights.keys() | fact.stem_set) or 1),
                1 / (1 + order[at]),
                float(order[at] == 0),
                float(scores[at] == best_here > 0),
                len(prefixes & fact.prefixes) / (len(prefixes) or 1),
                len(names & fact.stem_set) / len(names) if names else 0.0,
                float(bool(names - fact.stem_set)),
                len(asked_numbers & fact.numbers) / len(asked_numbers) if asked_numbers else 0.0,
                float(bool(asked_numbers - fact.numbers)),
                math.log1p(len(fact.stems)),
                math.log1p(fresh),
                float(fresh == 0),
                float(bool(PRONOUN.match(fact.unit.plain))),
                float(fact.unit.plain.endswith("?")),
                opening,
                opening * defining,
            ]
            row += [
                float(name == kind and hit) for name, hit in zip(FITTED, fact.cues, strict=True)
            ]
            row += [float(fact.unit.kind == name) for name in KINDS]
            rows[at, : len(row)] = row
            rows[at, -6] = 1 / (1 + place)
            at += 1
    rows[-1, -5:] = _none_features(rows[:-1], scores)
    return Candidates(tuple(fact.unit for fact in facts), rows)


def _none_features(rows: Matrix, scores: list[float]) -> list[float]:
    """What speaks for "none of the documents": how badly the best candidate fits."""
    if not len(rows):
        return [1.0, 0.0, 0.0, 0.0, 0.0]
    best = sorted(scores)[-2:]
    margin = (best[-1] - best[0]) / (best[-1] or 1.0) if len(best) == 2 else 1.0
    own, wide = float(rows[:, 3].max()), float(rows[:, 5].max())
    return [1.0, own, wide, margin, max(scores) / 10]


def span_features(question: str, unit: Unit) -> tuple[tuple[Span, ...], Matrix]:
    """Candidate answers within a unit and their features."""
    found = spans(unit)
    kind = question_kind(question)
    asked = frozenset(content_stems(question))
    positions = [m.start() for w in set(words(question)) if len(w) > 3
                 for m in re.finditer(re.escape(w), unit.plain.lower())]  # fmt: skip
    wanted = WANTED[kind]
    length = max(1, len(unit.plain))
    negative = bool(NEGATIONS & set(words(unit.plain)))
    header = [stem(word) for cell in unit.header for word in words(cell)]
    rows = np.zeros((len(found), N_SPAN))
    kinds = Counter(span.kind for span in found)
    for at, span in enumerate(found):
        own = content_stems(span.text)
        repeated = sum(item in asked for item in own)
        near = (
            min((abs(span.start - p) for p in positions), default=length) if span.start >= 0 else 0
        )
        under = 0.0
        if span.kind == "cell" and span.text in unit.cells and unit.header:
            column = unit.cells.index(span.text)
            if column < len(unit.header):
                under = float(bool(asked & set(content_stems(unit.header[column]))))
        rows[at, :12] = [
            math.log1p(len(own)),
            repeated / (len(own) or 1),
            math.log1p(len(own) - repeated),
            len(span.text) / length,
            near / length,
            max(0, span.start) / length,
            float(span.kind in wanted),
            float(span.kind == wanted[0]),
            1 / kinds[span.kind],
            float(span.kind == "no" and negative) - float(span.kind == "yes" and negative),
            under,
            float(bool(header) and span.kind == "cell"),
        ]
        rows[
            at, 12 + QUESTION_KINDS.index(kind) * len(SPAN_KINDS) + SPAN_KINDS.index(span.kind)
        ] = 1.0
    return found, rows
