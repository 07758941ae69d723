"""The report page: turns the report record into one HTML file that opens from disk.

Invariants: every text of the record is escaped by Jinja2 or `escape` (markup is made of our own
words only), the page has no script and asks nothing of any network, and what is missing in the
record is shown as missing, never as zero. The templates are read at first use, not at import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from shared.adapters.report_numbers import change, count, end, moment, score, share, shown, usd
from shared.adapters.report_quotes import answer
from shared.adapters.report_view import view

# What HTML forbids as characters, and half surrogates, which no file can hold.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class HtmlReport:
    """Keeps the promises of `ports.ReportRenderer`."""

    def render(self, report: Mapping[str, Any]) -> str:
        """See the port. A key `notes` may hold sentences that are shown under the headline."""
        page = self._template.render(view(report)).strip()
        return _UNPRINTABLE.sub("\ufffd", page) + "\n"

    @cached_property
    def _template(self) -> Template:
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates" / "report"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=shown,
        )
        environment.filters |= {
            "count": count,
            "score": score,
            "change": change,
            "end": end,
            "share": share,
            "usd": usd,
            "moment": moment,
            "answer": answer,
        }
        return environment.get_template("page.html.j2")
