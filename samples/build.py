"""Builds the PDFs of the sample domain from their markdown sources.

    python samples/build.py           write samples/bank/*.pdf
    python samples/build.py --check   exit 1 when a PDF on disk differs from what would be built

The same sources give the same bytes: the date is fixed (and with it the file id), pages are stored
uncompressed, and the noise of the scanned page comes from a fixed seed.
"""

import argparse
import random
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import NamedTuple, cast

from fpdf import FPDF, FontFace
from PIL import Image, ImageDraw, ImageFilter, ImageFont

ROOT = Path(__file__).resolve().parent / "bank"
PUBLISHER = "Lanternfold Bank"
NAVY, GREY, PALE = (22, 48, 84), (110, 110, 110), (228, 235, 243)
BLACK, WHITE, LEADING = (25, 25, 25), (255, 255, 255), 5.8
BODY = ("Times", "", 11.5, BLACK)
SCAN_DPI, SCAN_SEED, SCAN_ANGLE = 150, 1911, 0.6
SCANNED = re.compile(r"<!-- scanned -->\n(.*?)<!-- /scanned -->\n", re.DOTALL)


class Block(NamedTuple):
    """A piece of markdown: its kind is heading, paragraph, list or table."""

    kind: str
    lines: list[str]
    level: int = 0


def parse(text: str) -> Iterator[Block]:
    for chunk in filter(None, re.split(r"\n\s*\n", text.strip())):
        lines = chunk.splitlines()
        if match := re.match(r"(#{1,3}) (.+)", lines[0]):
            yield Block("heading", [match[2]], len(match[1]))
        elif re.match(r"- |\d+\. ", lines[0]):
            yield Block("list", lines)
        elif lines[0].startswith("|"):
            yield Block("table", [line for line in lines if not re.match(r"\|[ -]+\|", line)])
        else:
            yield Block("paragraph", lines)


class Guide(FPDF):
    """An A4 guide with a running head, page numbers and an outline."""

    def __init__(self, title: str) -> None:
        super().__init__(format="A4")
        self.guide, self.scans = title, set[int]()
        self.set_compression(False)
        self.set_creation_date(datetime(2026, 4, 1, tzinfo=UTC))
        self.set_title(f"{PUBLISHER}: {title}")
        self.set_line_width(0.2)
        self.set_lang("en-GB")
        self.set_margins(25, 27, 25)
        self.set_auto_page_break(True, margin=24)

    def face(self, family: str, style: str, size: float, color: tuple[int, int, int]) -> None:
        self.set_font(family, style, size)
        self.set_text_color(*color)

    def header(self) -> None:
        if self.page not in self.scans:
            self.face("Helvetica", "", 8.5, GREY)
            self.set_y(13)
            self.cell(self.epw / 2, 5, PUBLISHER)
            self.cell(self.epw / 2, 5, self.guide, align="R")
            self.set_draw_color(GREY)
            self.line(self.l_margin, 19, self.w - self.r_margin, 19)
            self.set_y(self.t_margin)

    def footer(self) -> None:
        if self.page not in self.scans:
            self.set_y(-16)
            self.face("Helvetica", "", 8.5, GREY)
            self.cell(0, 5, f"Page {self.page}", align="C")

    def keep(self, height: float) -> None:
        if self.will_page_break(height):
            self.add_page()

    def title_block(self, title: str) -> None:
        """Draw the band at the top of the first page."""
        self.add_page()
        self.set_fill_color(NAVY)
        self.rect(self.l_margin, self.y, self.epw, 40, style="F")
        self.start_section(title)
        self.set_xy(self.l_margin + 8, self.y + 8)
        self.face("Helvetica", "", 12, WHITE)
        self.cell(0, 8, PUBLISHER, new_x="LEFT", new_y="NEXT")
        self.face("Helvetica", "B", 25, WHITE)
        self.cell(0, 15, title)
        self.set_xy(self.l_margin, self.t_margin + 48)

    def heading(self, text: str, level: int) -> None:
        """Draw a heading, keep it with the text below, and add it to the outline."""
        size, above, room = (16.0, 6.0, 50) if level == 2 else (12.0, 3.5, 34)
        self.keep(room)
        if self.y > self.t_margin + 1:
            self.ln(above)
        self.start_section(text, level - 1)
        self.face("Helvetica", "B", size, NAVY)
        self.flow(text, size * 0.5)
        self.ln(2)

    def flow(self, text: str, height: float = LEADING) -> None:
        """Draw wrapped text from here to the right margin, then return to the left margin."""
        self.multi_cell(0, height, text, align="L", new_x="LMARGIN", new_y="NEXT")

    def paragraph(self, text: str) -> None:
        """Draw one paragraph; its last line never stands alone on a page."""
        self.face(*BODY)
        result = self.multi_cell(0, LEADING, text, align="L", dry_run=True, output="LINES")
        lines = cast(list[str], result)
        room = int((self.page_break_trigger - self.y) / LEADING)
        if len(lines) - room == 1:
            self.flow(" ".join(lines[: room - 1]))
            self.add_page()
            del lines[: room - 1]
        self.flow(" ".join(lines))
        self.ln(2.6)

    def items(self, lines: list[str]) -> None:
        """Draw a bullet list or numbered steps with a hanging indent."""
        self.face(*BODY)
        for mark, text in (line.split(" ", 1) for line in lines):
            self.keep(12)
            self.cell(10, LEADING, mark, align="C")
            self.flow(text)
            self.ln(0.8)
        self.ln(1.8)

    def pipe_table(self, lines: list[str]) -> None:
        """Draw a table with a header row, on one page."""
        rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
        self.face("Times", "", 10.5, BLACK)
        self.set_fill_color(*WHITE)
        self.set_draw_color(*GREY)
        widths = [max(map(self.get_string_width, column)) + 8 for column in zip(*rows, strict=True)]
        self.keep(8.2 * len(rows) + (8 if sum(widths) > self.epw else 0))
        head = FontFace(emphasis="B", color=NAVY, fill_color=PALE)
        with self.table(
            rows, col_widths=widths, headings_style=head, line_height=5, padding=(1.4, 2),
            text_align="LEFT", borders_layout="HORIZONTAL_LINES",
        ):  # fmt: skip
            self.ln(1)
        self.ln(4)

    def draw(self, blocks: Iterator[Block]) -> None:
        for kind, lines, level in blocks:
            if self.page in self.scans:
                self.add_page()
            if kind == "heading":
                self.heading(lines[0], level) if level > 1 else self.title_block(lines[0])
            elif kind == "table":
                self.pipe_table(lines)
            elif kind == "list":
                self.items(lines)
            else:
                self.paragraph(" ".join(lines))

    def scanned_page(self, blocks: list[Block]) -> None:
        """Add a page that is one picture of the blocks, without a text layer."""
        self.scans.add(self.page + 1)
        self.add_page()
        self.start_section(blocks[0].lines[0], 2)
        self.image(scan(blocks), x=0, y=0, w=self.w, h=self.h)


def scan(blocks: list[Block]) -> BytesIO:
    """Typeset `blocks` as an image and make it look as if it came from an office scanner."""
    width, height = round(8.27 * SCAN_DPI), round(11.69 * SCAN_DPI)
    page = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(page)
    left, right, y = 150, width - 150, 120

    def write(text: str, size: int, x: int = left) -> None:
        nonlocal y
        font = ImageFont.load_default(size)
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            lines = [*lines, word] if font.getlength(longer) > right - x else [*lines[:-1], longer]
        for line in lines:
            pen.text((x, y), line, font=font, fill=45)
            y += round(size * 1.42)
        y += 6

    write(PUBLISHER, 44)
    pen.line((left, y, right, y), fill=60, width=3)
    y += 40
    for block in blocks:
        for line in block.lines:
            if block.kind == "list":
                pen.text((left + 14, y), "-", font=ImageFont.load_default(25), fill=45)
                write(line.removeprefix("- "), 25, left + 44)
            else:
                write(line, 36 if block.kind == "heading" else 25)
        y += 14
    if y > height - 100:
        raise ValueError("the scanned text does not fit on one page")
    pen.ellipse((right - 190, y - 110, right - 20, y + 60), outline=150, width=4)
    pen.text((right - 165, y - 42), "PELLWICK", font=ImageFont.load_default(24), fill=150)
    page = page.rotate(SCAN_ANGLE, Image.Resampling.BICUBIC, fillcolor=232)
    grain = Image.frombytes("L", page.size, random.Random(SCAN_SEED).randbytes(width * height))
    page = Image.blend(page, grain.filter(ImageFilter.BoxBlur(1)), 0.1)
    page.save(file := BytesIO(), "JPEG", quality=62, dpi=(SCAN_DPI, SCAN_DPI))
    return file


def build(source: str) -> bytes:
    """The PDF of one markdown source."""
    guide = Guide(title=next(parse(source)).lines[0])
    for index, part in enumerate(SCANNED.split(source)):
        if index % 2:  # the text between two markers
            guide.scanned_page(list(parse(part)))
        else:
            guide.draw(parse(part))
    return bytes(guide.output())


def main() -> int:
    """Write the PDFs, or compare them with those on disk."""
    parser = argparse.ArgumentParser(description="Build the PDFs of the sample domain.")
    parser.add_argument("--check", action="store_true", help="exit 1 if a PDF on disk differs")
    check, stale = parser.parse_args().check, 0
    for source in sorted((ROOT / "text").glob("*.md")):
        target = ROOT / f"{source.stem}.pdf"
        built = build(source.read_text(encoding="utf-8"))
        if not check:
            target.write_bytes(built)
            print(f"{target.name}: {len(built):,} bytes")
        elif not target.exists() or target.read_bytes() != built:
            print(f"{target.name} differs: run python samples/build.py", file=sys.stderr)
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
