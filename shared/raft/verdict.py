"""Whether a student is promoted: by one difference named before the run, and what must not fall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.raft.statistics import FEWEST_QUESTIONS, Comparison

Name = tuple[str, str]  # setting and metric


@dataclass(frozen=True)
class Verdict:
    """`reason` is one sentence for people, with the figures it rests on."""

    promoted: bool
    reason: str


def decide(
    found: Mapping[Name, Comparison], decisive: Name, at_least: float, not_worse: Sequence[Name]
) -> Verdict:
    """Promoted when the lower end of the decisive gain exceeds `at_least` and nothing in
    `not_worse` is shown worse. What was not measured cannot promote, and does not hold back.

    A gain is the difference in the metric's better way.
    """
    name = _said(decisive)
    one = found.get(decisive)
    if one is None or one.n < FEWEST_QUESTIONS:
        n = one.n if one else 0
        return Verdict(
            False, f"{name} has {n} questions with both scores, {FEWEST_QUESTIONS} are needed"
        )
    low = _gain(one)[0]
    reached = low > at_least
    verb = "exceeds" if reached else "does not exceed"
    reason = f"the gain in {_figures(name, one)}: its lower end {verb} {at_least:g}"
    worse = [
        _figures(_said(each), found[each])
        for each in not_worse
        if each in found and found[each].finding == "worse"
    ]
    unknown = [
        _said(each)
        for each in not_worse
        if each not in found or found[each].finding == "not measured"
    ]
    if worse:
        reason += f"; worse is {', '.join(worse)}"
    if unknown:
        reason += f"; not measured: {', '.join(unknown)}"
    return Verdict(reached and not worse, reason)


def _gain(one: Comparison) -> tuple[float, float]:
    """The interval of the gain."""
    low, high = one.low or 0.0, one.high or 0.0
    return (-high, -low) if one.better < 0 else (low, high)


def _figures(name: str, one: Comparison) -> str:
    low, high = _gain(one)
    difference = (one.difference or 0.0) * (-1 if one.better < 0 else 1)
    return f"{name} is {difference:+.3f} ({low:+.3f} to {high:+.3f}, {one.n} questions)"


def _said(name: Name) -> str:
    setting, metric = (part.replace("_", " ") for part in name)
    return f"{metric} ({setting})"
