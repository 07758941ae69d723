"""Hostile words in file names, questions, answers, errors and model names stay words."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from console import pages
from console.evaluation import tables_of
from console.pages import Asked
from console.render import page
from tests.console import samples
from tests.console.payloads import PAYLOADS

_HARMLESS = "plain words"


class Shape(HTMLParser):
    """Elements and names of attributes in order, and the text apart."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment", ()))

    def handle_decl(self, decl: str) -> None:
        self.tags.append(("declaration", ()))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def shape_of(html: str) -> Shape:
    shape = Shape()
    shape.feed(html)
    shape.close()
    return shape


class Services:
    """Every service a view asks; what they give holds the words everywhere."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.views = self.results = self.runs = self.blind = self.asking = self.documents = self

    async def newest(self, *_: Any) -> Any:
        return [{**samples.view(self.words), "waits": False, "promoted": True}]

    async def one(self, *_: Any) -> Any:
        return samples.view(self.words)

    async def read(self, _: str) -> Any:
        return samples.manifest(self.words)

    async def scores(self, _: str) -> Any:
        return samples.scores(self.words)

    async def rows(self, _: str, **__: Any) -> Any:
        found = {"total": 3, "offset": 0, "next": 1, "kinds": {self.words: 1}}
        return {**found, "splits": {"train": 1}, "rows": [samples.row(self.words)]}

    async def dropped(self, _: str, **__: Any) -> Any:
        found = {"total": 3, "offset": 1, "next": None, "kinds": {self.words: 1}}
        return {**found, "codes": {self.words: 1}, "rows": [samples.dropped(self.words)]}

    async def shown(self, _: str) -> Any:
        return samples.compared(self.words)

    async def follow_up(self, _: str) -> Any:
        return {"documents": [self.words], "spec": {"student": {"model": self.words}}}

    async def ask(self, *_: Any) -> Any:
        return samples.said(self.words)

    async def domains(self) -> Any:
        return [self.words]

    async def blobs_of(self, _: str) -> Any:
        return [type("Blob", (), {"name": self.words, "size": 3})()]


async def _live(_: str) -> None:
    return None


async def every_page(words: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Each view, filled with the words."""
    monkeypatch.setattr(pages, "services", lambda: Services(words))

    def asked(**query: str) -> Asked:
        return Asked(samples.RUN, query, _live)

    filters = {"split": words, "kind": words, "document": words}
    return {
        "runs": await pages.runs(asked()),
        "run": await pages.run(asked()),
        "dataset": await pages.dataset(asked(**filters)),
        "dropped": await pages.dataset(asked(verdict=f"dropped{words}", **filters)),
        "evaluation": await pages.evaluation(asked()),
        "ask": await pages.ask(asked()),
        "answers": await pages.answers(samples.RUN, words),
        "compare": await pages.compare(asked()),
        "domains": await pages.new(asked()),
        "new": await pages.new(asked(domain=words)),
        "problem": page("problem", words=words),
    }


async def test_forty_payloads_change_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(set(PAYLOADS)) == 40
    plain = await every_page(_HARMLESS, monkeypatch)
    shapes = {name: shape_of(html) for name, html in plain.items()}
    assert min(html.count(_HARMLESS) for html in plain.values()) > 0
    for payload in PAYLOADS:
        for name, html in (await every_page(payload, monkeypatch)).items():
            shape = shape_of(html)
            assert shape.tags == shapes[name].tags, (name, payload)
            assert all(link.startswith(("/api/", "?", "#")) for link in shape.links), name
            written = payload.replace("\x00", "\ufffd").replace("\x0c", "\ufffd").strip()
            assert written in "".join(shape.text) or name in ("domains", "new", "ask"), name


async def test_the_body_in_a_page_is_the_words_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Form(HTMLParser):
        body = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.body = dict(attrs).get("data-body") or self.body

    for payload in PAYLOADS[:-1]:
        monkeypatch.setattr(pages, "services", lambda words=payload: Services(words))
        form = Form()
        form.feed(await pages.compare(Asked(samples.RUN, {}, _live)))
        assert json.loads(form.body)["documents"] == [payload]


def test_tables_show_whatever_metrics_hold() -> None:
    """As evaluation wrote them at first: one list, without settings, p or scale."""
    entry = {"metric": "token_f1", "n": 0, "baseline": None, "student": None, "difference": None}
    tables = tables_of({"metrics": [entry, {**entry, "setting": "retrieved"}], "rows": 0})
    assert [setting["name"] for setting in tables["settings"]] == ["retrieved", "metrics"]
    html = page("evaluation", tab="", run=samples.manifest("x"), tables=tables)
    assert "Token F1" in html
    assert "nan" not in html.casefold()
    assert "0.000" not in html
