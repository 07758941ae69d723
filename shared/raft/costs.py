"""What tokens and hours cost: one price table, and the functions that read it.

US dollars, list prices of the regional or global Standard offer as remembered in 2025 from
https://azure.microsoft.com/pricing/details/cognitive-services/openai-service/ ; check them
against your own agreement. A model is found by the longest name that its own name begins with,
so dated and fine-tuned variants cost what their base costs.
"""

from __future__ import annotations

from dataclasses import dataclass

_MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """Dollars per million tokens, and per hour of hosting a fine-tuned deployment."""

    prompt: float
    completion: float
    training: float = 0.0
    hosting_hour: float = 0.0


PRICES: dict[str, Price] = {
    "gpt-4o-mini": Price(0.15, 0.60, training=3.00, hosting_hour=1.70),
    "gpt-4o": Price(2.50, 10.00, training=25.00, hosting_hour=1.70),
    "gpt-4.1-nano": Price(0.10, 0.40, training=1.50, hosting_hour=1.70),
    "gpt-4.1-mini": Price(0.40, 1.60, training=5.00, hosting_hour=1.70),
    "gpt-4.1": Price(2.00, 8.00, training=25.00, hosting_hour=1.70),
    "text-embedding-3-large": Price(0.13, 0.0),
    "text-embedding-3-small": Price(0.02, 0.0),
}


def price_of(model: str) -> Price | None:
    """The model's price, or None when the table does not hold it."""
    known = [name for name in PRICES if model.startswith(name)]
    return PRICES[max(known, key=len)] if known else None


def call_cost(model: str, prompt_tokens: int, completion_tokens: int) -> float:
    """Dollars of one call; 0 for a model without a price (its tokens are still counted)."""
    price = price_of(model)
    if price is None:
        return 0.0
    cost = prompt_tokens * price.prompt + completion_tokens * price.completion
    return round(cost / _MILLION, 9)


def training_cost(model: str, trained_tokens: int) -> float:
    """Dollars of a supervised fine-tuning job; `trained_tokens` already counts the epochs."""
    price = price_of(model)
    return round(trained_tokens * price.training / _MILLION, 6) if price else 0.0


def hosting_cost(model: str, sku: str, hours: float) -> float:
    """Dollars of keeping a deployment. The developer tier has no hosting fee."""
    price = price_of(model)
    return round(price.hosting_hour * hours, 4) if price and sku != "DeveloperTier" else 0.0
