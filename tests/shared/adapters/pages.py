"""A rendered report, read by a parser that notices what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from shared.adapters.report_html import HtmlReport

_RENDERER = HtmlReport()  # reading its templates takes longer than any page
_VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """Elements, attributes and text of a page, and whether its tags are balanced."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.faults: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.faults += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


def rendered(report: dict[str, Any]) -> tuple[str, Page]:
    """The page, balanced and encodable."""
    html = _RENDERER.render(report)
    html.encode()
    page = Page(html)
    assert page.faults == []
    return html, page


def assert_harmless(html: str, page: Page) -> None:
    """The page runs nothing and asks for nothing."""
    assert html.startswith("<!doctype html>")
    forbidden = {"script", "img", "iframe", "object", "embed", "link", "base", "form", "b", "image"}
    assert not forbidden & {tag for tag, _ in page.elements}
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src", "xlink:href", "action", "data", "srcset", "style"):
            assert (attributes.get(name) or "#").startswith("#")
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style and "@import" not in style
    assert "http://" not in style and "https://" not in style


def svgs(html: str) -> Iterator[ElementTree.Element]:
    """The page's outermost drawings, each well-formed by itself."""
    depth, begun = 0, 0
    for found in re.finditer(r"<svg\b|</svg>", html):
        if found.group() == "<svg":
            begun = found.start() if depth == 0 else begun
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                yield ElementTree.fromstring(html[begun : found.end()])
