"""What tokens and hours cost: one price table, and the arithmetic on it.

US dollars. `SOURCE` is where the rates come from and `AS_OF` when; they are list prices of the
Global Standard offer in English-speaking regions, and every user's own agreement differs: override
any of them by the setting MODEL_PRICES. A model is found by the longest name that its own name
begins with, so dated and fine-tuned variants cost what their base costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from shared.errors import SpecError

SOURCE = "https://azure.microsoft.com/pricing/details/cognitive-services/openai-service/"
AS_OF = "2025-12, from memory of that page; not looked up since"

_MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """Dollars per million tokens, and per hour of hosting a fine-tuned deployment."""

    prompt: float
    completion: float = 0.0
    training: float = 0.0
    hosting_hour: float = 0.0


LIST_PRICES: Mapping[str, Price] = {
    "gpt-4o-mini": Price(0.15, 0.60, training=3.00, hosting_hour=1.70),
    "gpt-4o": Price(2.50, 10.00, training=25.00, hosting_hour=1.70),
    "gpt-4.1-nano": Price(0.10, 0.40, training=1.50, hosting_hour=1.70),
    "gpt-4.1-mini": Price(0.40, 1.60, training=5.00, hosting_hour=1.70),
    "gpt-4.1": Price(2.00, 8.00, training=25.00, hosting_hour=1.70),
    "text-embedding-3-large": Price(0.13),
    "text-embedding-3-small": Price(0.02),
}


class PriceTable:
    """The list prices, with an operator's own in their place.

    `own`: by model name, what `Price` holds, as in {"gpt-4o": {"prompt": 2.5, "completion": 10}}.
    Raises SpecError naming the entry that is no price.
    """

    def __init__(self, own: Mapping[str, object] | None = None) -> None:
        self._own = {model: _price(model, rates) for model, rates in (own or {}).items()}
        self._prices = {**LIST_PRICES, **self._own}

    @property
    def source(self) -> str:
        """Where the prices come from, in words for the report."""
        listed = f"{SOURCE} ({AS_OF})"
        return f"MODEL_PRICES for {', '.join(sorted(self._own))}; {listed}" if self._own else listed

    def price_of(self, model: str) -> Price | None:
        """The model's price, or None when the table does not hold it."""
        known = [name for name in self._prices if model.startswith(name)]
        return self._prices[max(known, key=len)] if known else None

    def call_cost(self, model: str, prompt_tokens: int, completion_tokens: int) -> float:
        """Dollars of one call; 0 for a model without a price (its tokens are still counted)."""
        price = self.price_of(model)
        if price is None:
            return 0.0
        cost = prompt_tokens * price.prompt + completion_tokens * price.completion
        return round(cost / _MILLION, 9)

    def training_cost(self, model: str, trained_tokens: int) -> float:
        """Dollars of a supervised fine-tuning job; `trained_tokens` already counts the epochs."""
        price = self.price_of(model)
        return round(trained_tokens * price.training / _MILLION, 6) if price else 0.0

    def hosting_cost(self, model: str, sku: str, hours: float) -> float:
        """Dollars of keeping a deployment. The developer tier has no hosting fee."""
        price = self.price_of(model)
        return round(price.hosting_hour * hours, 4) if price and sku != "DeveloperTier" else 0.0


def _price(model: str, rates: object) -> Price:
    known = [field.name for field in fields(Price)]
    where = f"MODEL_PRICES.{model}"
    if not isinstance(rates, Mapping) or "prompt" not in rates:
        raise SpecError(where, f"must be an object of dollars: prompt, and if needed {known[1:]}")
    for name, value in rates.items():
        if name not in known:
            raise SpecError(f"{where}.{name}", f"unknown; known are {', '.join(known)}")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value < float("inf"):
            raise SpecError(f"{where}.{name}", f"must be a number of dollars, not {value!r}")
    return Price(**rates)
