"""Text embeddings without a model: hashed words, word pairs and character 4-grams.

1,536 numbers, normalised, the same for the same text everywhere (the hash is seeded by nothing).
There is nothing to fit, so a vector never depends on what else was embedded.
"""

import base64
import itertools
import math
import struct
import zlib
from collections import defaultdict
from functools import lru_cache

from local.models.words import STOPWORDS, stem, words

DIMENSIONS = 1536
WORD_WEIGHT, PAIR_WEIGHT, GRAM_WEIGHT = 1.0, 0.6, 0.25


def _features(text: str) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    tokens = words(text)
    meaning = [stem(word) for word in tokens if word not in STOPWORDS]
    for item in meaning:
        found["w:" + item] += WORD_WEIGHT
    for left, right in itertools.pairwise(meaning):
        found[f"p:{left} {right}"] += PAIR_WEIGHT
    for item in meaning:
        padded = f"^{item}$"
        for at in range(max(1, len(padded) - 3)):
            found["g:" + padded[at : at + 4]] += GRAM_WEIGHT
    for word in tokens:
        if word in STOPWORDS:
            found["s:" + word] += 0.1
    return found


@lru_cache(maxsize=4096)
def embed(text: str, dimensions: int = DIMENSIONS) -> tuple[float, ...]:
    """The unit vector of a text; an empty text points along the first axis."""
    vector = [0.0] * dimensions
    for feature, weight in _features(text).items():
        code = zlib.crc32(feature.encode()) * 2654435761 & 0xFFFFFFFF
        sign = 1.0 if code & 1 else -1.0
        vector[(code >> 1) % dimensions] += sign * math.sqrt(weight)
    norm = math.sqrt(sum(value * value for value in vector))
    if norm == 0:
        return (1.0, *[0.0] * (dimensions - 1))
    return tuple(value / norm for value in vector)


def encode_base64(vector: tuple[float, ...]) -> str:
    """Little-endian 32-bit floats in base64, as the openai client asks by default."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
