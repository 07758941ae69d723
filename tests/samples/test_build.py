"""The sample PDFs are what the script builds, and a reader of PDFs finds in them what they need."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pypdf import PdfReader

SAMPLES = Path(__file__).parents[2] / "samples"
SOURCES = sorted((SAMPLES / "bank" / "text").glob("*.md"))
NAMES = [source.stem for source in SOURCES]


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("samples_build", SAMPLES / "build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script()


def pages(name: str) -> list[str]:
    return [page.extract_text() for page in PdfReader(SAMPLES / "bank" / f"{name}.pdf").pages]


def source_of(name: str) -> str:
    return (SAMPLES / "bank" / "text" / f"{name}.md").read_text(encoding="utf-8")


def typed_source(name: str) -> str:
    """The source without the scanned part, which has no text layer."""
    return re.sub(r"<!-- scanned -->.*?<!-- /scanned -->", "", source_of(name), flags=re.DOTALL)


def titles(outline: list[Any]) -> Iterator[str]:
    for entry in outline:
        if isinstance(entry, list):
            yield from titles(entry)
        else:
            yield entry.title


def squeeze(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("name", NAMES)
def test_a_pdf_on_disk_is_what_its_source_builds(script: ModuleType, name: str) -> None:
    first, second = script.build(source_of(name)), script.build(source_of(name))
    assert first == second
    assert (SAMPLES / "bank" / f"{name}.pdf").read_bytes() == first


def test_every_pdf_has_a_source() -> None:
    assert sorted(path.stem for path in (SAMPLES / "bank").glob("*.pdf")) == NAMES


def test_the_domain_is_large_enough_and_the_files_are_small() -> None:
    assert len(NAMES) >= 3
    assert sum(len(pages(name)) for name in NAMES) >= 30
    assert sum(path.stat().st_size for path in (SAMPLES / "bank").glob("*.pdf")) < 1_500_000


def test_exactly_one_page_has_no_text_layer_but_a_picture() -> None:
    empty = [
        (name, number)
        for name in NAMES
        for number, text in enumerate(pages(name))
        if not text.strip()
    ]
    assert len(empty) == 1
    name, number = empty[0]
    assert "<!-- scanned -->" in source_of(name)
    assert len(PdfReader(SAMPLES / "bank" / f"{name}.pdf").pages[number].images) == 1


@pytest.mark.parametrize("name", NAMES)
def test_headings_can_be_extracted_and_stand_in_the_outline(name: str) -> None:
    reader = PdfReader(SAMPLES / "bank" / f"{name}.pdf")
    lines = {line.strip() for text in pages(name) for line in text.splitlines()}
    typed = re.findall(r"^#{1,3} (.+)$", typed_source(name), flags=re.MULTILINE)
    assert [heading for heading in typed if heading not in lines] == []
    every = re.findall(r"^#{1,3} (.+)$", source_of(name), flags=re.MULTILINE)
    assert list(titles(reader.outline)) == every


@pytest.mark.parametrize("name", NAMES)
def test_the_text_layer_holds_every_word_of_the_source_in_order(name: str) -> None:
    title = re.escape(next(line for line in source_of(name).splitlines())[2:])
    running = rf"Lanternfold Bank ?{title}\n|\n?Page \d+$"
    text = squeeze(" ".join(re.sub(running, "", page.strip()) for page in pages(name)))
    plain = re.sub(r"^(#{1,3} |\|[ |-]+\|$)", "", typed_source(name), flags=re.MULTILINE)
    plain = squeeze(plain.replace("|", " "))
    assert plain.removeprefix(squeeze(title.replace("\\", ""))) in text


@pytest.mark.parametrize("name", NAMES)
def test_no_words_are_glued_together(name: str) -> None:
    words = " ".join(pages(name)).split()
    assert [word for word in words if len(word) > 30] == []
    assert not any("\N{REPLACEMENT CHARACTER}" in word for word in words)


@pytest.mark.parametrize("name", NAMES)
def test_sources_stay_within_the_characters_of_the_core_fonts(name: str) -> None:
    source_of(name).encode("latin-1")


def test_no_two_sections_of_the_domain_share_a_heading() -> None:
    headings = [
        heading
        for name in NAMES
        for heading in re.findall(r"^### (.+)$", source_of(name), flags=re.MULTILINE)
    ]
    assert len(headings) == len(set(headings))


def test_check_accepts_the_files_on_disk() -> None:
    done = subprocess.run(
        [sys.executable, SAMPLES / "build.py", "--check"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_check_notices_a_stale_pdf(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text").mkdir()
    source = tmp_path / "text" / "guide.md"
    source.write_text("# Guide\n\nA first text.\n", encoding="utf-8")
    monkeypatch.setattr(script, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["build.py"])
    assert script.main() == 0
    monkeypatch.setattr(sys, "argv", ["build.py", "--check"])
    assert script.main() == 0
    source.write_text("# Guide\n\nA second text.\n", encoding="utf-8")
    assert script.main() == 1
