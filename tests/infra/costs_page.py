"""The figures of docs/costs.md, recomputed from the price table.

python -m tests.infra.costs_page          writes them into the page
"""

from __future__ import annotations

import re

import yaml

from shared.raft.calculator import Item, at_rest, chunks_of, quote_run
from shared.raft.costs import LIST_PRICES, PriceTable
from shared.services.estimating import workload_of
from shared.spec import RunSpec
from tests.infra.bicep import INFRA, ROOT

PAGE = ROOT / "docs" / "costs.md"
_STAGES = ("generate", "dataset", "train", "evaluate")
_SPEC = RunSpec()
_PRICES = PriceTable()
_STUDENT = _SPEC.student.model
_PREFERRED = yaml.safe_load((INFRA / "models.yaml").read_text(encoding="utf-8"))["preferred"]
_MODELS = {role: model.partition("@")[0] for role, model in _PREFERRED.items()}


def tables() -> dict[str, str]:
    """Markdown of each computed table, by its name in the page."""
    return {"rest": _rest(), "runs": _runs(), "savings": _savings(), "prices": _prices()}


def written(page: str) -> dict[str, str]:
    """What the page holds between the marks of each table."""
    found = re.findall(r"<!-- computed: (\w+) -->\n(.*?)\n<!-- end -->", page, re.DOTALL)
    return dict(found)


def _rest() -> str:
    plain = at_rest(_PRICES)
    private = at_rest(_PRICES, private=True)
    kept = at_rest(_PRICES, student=_STUDENT, sku="Standard")
    rows = {item.what: item for item in (*kept, *private, *plain)}
    order = ["function app", "model deployments", "storage", "logs", "private endpoints"]
    lines = [_row(rows[name]) for name in (*order, "deployed student")]
    total = sum(item.usd_month for item in plain)
    lines.append(f"| as deployed by default, no student kept | ${total:,.2f} | |")
    return "\n".join(["| what | a month | of what |", "|---|---|---|", *lines])


def _row(item: Item) -> str:
    return f"| {item.what} | ${item.usd_month:,.2f} | {item.why} |"


def _runs() -> str:
    lines = []
    for pages in (10, 50, 200, 1_000):
        chunks = chunks_of(pages, _SPEC.chunk_size)
        quote = quote_run(chunks, _SPEC.chunk_size, workload_of(_SPEC), _MODELS, _PRICES)
        stages = " | ".join(f"${quote.stages[name].usd:,.2f}" for name in _STAGES)
        lines.append(f"| {pages:,} | {chunks:,} | {stages} | ${quote.usd:,.2f} |")
    head = f"| pages | chunks | {' | '.join(_STAGES)} | in all |"
    return "\n".join([head, "|---" * 7 + "|", *lines])


def _savings() -> str:
    chunks = chunks_of(200, _SPEC.chunk_size)
    choices = {
        "as above, 200 pages": (RunSpec(), _MODELS),
        "the distractor check off (`verification.distractors: false`)": (
            RunSpec(verification={"distractors": False}),
            _MODELS,
        ),
        "500 examples are enough (`qa_threshold: 500`)": (RunSpec(qa_threshold=500), _MODELS),
        "judge gpt-4.1-mini": (RunSpec(), {**_MODELS, "judge": "gpt-4.1-mini"}),
        "teacher and judge gpt-4.1-mini and gpt-4o-mini": (
            RunSpec(),
            {**_MODELS, "teacher": "gpt-4.1-mini", "judge": "gpt-4o-mini"},
        ),
    }
    lines = []
    for what, (spec, models) in choices.items():
        quote = quote_run(chunks, spec.chunk_size, workload_of(spec), models, _PRICES)
        lines.append(f"| {what} | ${quote.usd:,.2f} |")
    return "\n".join(["| run | in all |", "|---|---|", *lines])


def _prices() -> str:
    lines = [
        f"| {model} | {one.prompt:g} | {one.completion:g} | {one.training:g} "
        f"| {one.hosting_hour:g} |"
        for model, one in LIST_PRICES.items()
    ]
    head = "| model | prompt | completion | training | hosting an hour |"
    return "\n".join([head, "|---|---|---|---|---|", *lines])


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    for name, table in tables().items():
        pattern = rf"(<!-- computed: {name} -->\n).*?(<!-- end -->)"
        text = re.sub(pattern, lambda m, new=table: m[1] + new + "\n" + m[2], text, flags=re.DOTALL)
    PAGE.write_text(text, encoding="utf-8")
