"""Templates to HTML. Every value is escaped by Jinja2; markup is of our own words only.

Records of earlier releases may lack a field: it is shown as nothing. Jinja2 and the
templates are loaded at first use, not at import.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console import words

if TYPE_CHECKING:
    from jinja2 import Environment

# What HTML forbids as characters, and half surrogates, which no answer can hold.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def page(name: str, **values: Any) -> str:
    """A template of console/templates, filled."""
    html = _environment().get_template(f"{name}.html.j2").render(values).strip()
    return _UNPRINTABLE.sub("\ufffd", html) + "\n"


@cache
def _environment() -> Environment:
    from jinja2 import ChainableUndefined, Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=words.shown,
    )
    for name in (
        *("count", "counted", "usd", "score", "change", "moment", "duration", "label"),
        *("pages", "sentence"),
    ):
        environment.filters[name] = getattr(words, name)
    environment.globals |= {
        "STAGES": words.STAGES,
        "DROPS": words.DROPS,
        "SPLITS": words.SPLITS,
        "METRICS": words.METRICS,
    }
    return environment
