"""How often the evaluation's intervals hold the truth, and its test raises a false alarm.

`python -m bench.coverage` simulates evaluations whose true difference is known, for several
numbers of questions and shapes of differences. Nominal are 95 % and 5 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from shared.raft.statistics import interval, sign_flip_p

Draw = Callable[[np.random.Generator, tuple[int, int]], NDArray[np.float64]]

_QUESTIONS = (10, 20, 40, 100, 300)


def _normal(rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.float64]:
    return 0.3 * rng.standard_normal(size)


def _wins(rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.float64]:
    """Exact match: a fifth won, a fifth lost."""
    return rng.choice([-1.0, 0.0, 1.0], p=[0.2, 0.6, 0.2], size=size)


def _skewed(rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.float64]:
    """Many small losses, few great wins."""
    return 0.2 * (rng.exponential(size=size) - 1)


_SHAPES: dict[str, Draw] = {"normal": _normal, "wins and losses": _wins, "skewed": _skewed}


def measure(draw: Draw, questions: int, simulations: int, draws: int) -> tuple[float, float]:
    """Share of intervals around a true difference of 0.1 that hold it, and of p ≤ 0.05 without."""
    differences = draw(np.random.default_rng(questions), (simulations, questions))
    held = alarms = 0
    for seed, sample in enumerate(differences):
        low, high = interval(sample + 0.1, draws, seed)
        held += low <= 0.1 <= high
        alarms += sign_flip_p(sample, draws, seed) <= 0.05
    return held / simulations, alarms / simulations


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=2_000)
    parser.add_argument("--draws", type=int, default=2_000)
    options = parser.parse_args()
    print(f"{'differences':<16} {'questions':>9} {'coverage':>9} {'false alarms':>13}")
    for name, draw in _SHAPES.items():
        for questions in _QUESTIONS:
            held, alarms = measure(draw, questions, options.simulations, options.draws)
            print(f"{name:<16} {questions:>9} {held:>8.1%} {alarms:>12.1%}")


if __name__ == "__main__":
    main()
