"""A listwise softmax ranker in numpy: a linear score plus a small tanh layer, trained by Adam.

Each example is a matrix of candidates and a distribution over them. Training starts at the base
model's weights and is drawn back to them, so few examples change little. Preference examples also
name a candidate that must score lower. Seeded: the same examples and seed give the same weights.
"""

from dataclasses import dataclass

import numpy as np

Matrix = np.ndarray
HIDDEN = 12
DECAY = 0.01


@dataclass(frozen=True)
class Example:
    """Candidates of one question, the right ones, and perhaps one that was rejected."""

    features: Matrix
    target: Matrix
    rejected: int | None = None


@dataclass
class Parameters:
    """Everything a trained ranker consists of."""

    mean: Matrix
    scale: Matrix
    linear: Matrix
    hidden: Matrix
    bias: Matrix
    output: Matrix

    def arrays(self) -> list[Matrix]:
        """The trained arrays, in a fixed order."""
        return [self.linear, self.hidden, self.bias, self.output]

    def copy(self) -> "Parameters":
        """An independent copy."""
        return Parameters(*(getattr(self, name).copy() for name in self.__dataclass_fields__))


def start(examples: list[Example], prior: Matrix, rng: np.random.Generator) -> Parameters:
    """Parameters before training: those of the base model, on features scaled by the file."""
    width = len(prior)
    stacked = np.concatenate([e.features for e in examples]) if examples else np.zeros((1, width))
    scale = stacked.std(axis=0) + 0.05
    return Parameters(
        mean=stacked.mean(axis=0),
        scale=scale,
        linear=prior * scale,
        hidden=rng.normal(0, 0.3 / np.sqrt(width), (width, HIDDEN)),
        bias=np.zeros(HIDDEN),
        output=np.zeros(HIDDEN),
    )


def scores(parameters: Parameters, features: Matrix) -> Matrix:
    """The score of every candidate."""
    scaled = (features - parameters.mean) / parameters.scale
    inner = np.tanh(scaled @ parameters.hidden + parameters.bias)
    return np.asarray(scaled @ parameters.linear + inner @ parameters.output)


def softmax(values: Matrix) -> Matrix:
    """Probabilities from scores."""
    shifted = np.exp(values - values.max())
    return np.asarray(shifted / shifted.sum())


def loss(parameters: Parameters, example: Example) -> float:
    """Cross-entropy of one example."""
    probability = softmax(scores(parameters, example.features))
    return float(-(example.target * np.log(probability + 1e-12)).sum())


def right(parameters: Parameters, example: Example) -> bool:
    """Whether the best candidate is one of the right ones."""
    return bool(example.target[int(scores(parameters, example.features).argmax())] > 0)


class Trainer:
    """Adam over the parameters, one example or a small batch at a time."""

    def __init__(self, parameters: Parameters, rate: float, preference: float = 0.0) -> None:
        self.parameters, self.rate, self.preference = parameters, rate, preference
        self.first = [np.zeros_like(array) for array in parameters.arrays()]
        self.second = [np.zeros_like(array) for array in parameters.arrays()]
        self.step = 0
        self.origin = [array.copy() for array in parameters.arrays()]

    def update(self, batch: list[Example], progress: float) -> tuple[float, float]:
        """One step. Returns the batch's loss and accuracy before it; the rate falls to a tenth."""
        gradients = [np.zeros_like(array) for array in self.parameters.arrays()]
        total, hits = 0.0, 0
        for example in batch:
            value, hit = self._backward(example, gradients)
            total += value
            hits += hit
        self.step += 1
        rate = self.rate * (1 - 0.9 * progress)
        arrays = self.parameters.arrays()
        for array, gradient, first, second, origin in zip(
            arrays, gradients, self.first, self.second, self.origin, strict=True
        ):
            gradient = gradient / len(batch) + DECAY * (array - origin)
            first += 0.1 * (gradient - first)
            second += 0.01 * (gradient * gradient - second)
            unbiased = first / (1 - 0.9**self.step)
            spread = np.sqrt(second / (1 - 0.99**self.step)) + 1e-8
            array -= rate * unbiased / spread
        return total / len(batch), hits / len(batch)

    def _backward(self, example: Example, gradients: list[Matrix]) -> tuple[float, int]:
        parameters = self.parameters
        scaled = (example.features - parameters.mean) / parameters.scale
        inner = np.tanh(scaled @ parameters.hidden + parameters.bias)
        values = scaled @ parameters.linear + inner @ parameters.output
        probability = softmax(values)
        slope = probability - example.target
        value = float(-(example.target * np.log(probability + 1e-12)).sum())
        if example.rejected is not None and self.preference:
            chosen = int(example.target.argmax())
            margin = self.preference * (values[chosen] - values[example.rejected])
            push = self.preference / (1 + np.exp(margin))
            slope = slope.copy()
            slope[chosen] -= push
            slope[example.rejected] += push
            value += float(np.log1p(np.exp(-margin)))
        outer = np.outer(slope, parameters.output) * (1 - inner * inner)
        for gradient, part in zip(
            gradients,
            (slope @ scaled, scaled.T @ outer, outer.sum(axis=0), slope @ inner),
            strict=True,
        ):
            gradient += part
        return value, int(example.target[int(values.argmax())] > 0)
