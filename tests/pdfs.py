"""Small PDFs for tests, made on the spot: prose, scans, locks and bombs."""

from __future__ import annotations

import io
import zlib

from fpdf import FPDF
from fpdf.enums import AccessPermission
from PIL import Image

# Facts that the rule-based teacher can ask about; `{n}` makes each document its own.
_FACTS = (
    "The Meadow {n} account charges a monthly fee of {a} pounds.",
    "The Meadow {n} card has a daily cash limit of {b} pounds.",
    "A transfer from the Meadow {n} account takes {c} working days.",
    "The Meadow {n} branch opens at {d} o'clock on weekdays.",
    "The Meadow {n} loan is repaid over {e} months, because the bank fixes its rate for that time.",
    "The bank sends the Meadow {n} statement by post on the {f}th day of each month.",
)


def prose(number: int, sections: int = 12) -> str:
    """Sections of distinct facts, the same for the same number."""
    paragraphs = []
    for section in range(sections):
        n = f"{number}-{section}"
        seed = zlib.crc32(n.encode())
        values = {key: 2 + (seed >> shift) % 26 for shift, key in enumerate("abcdef")}
        paragraphs.append(" ".join(fact.format(n=n, **values) for fact in _FACTS))
    return "\n\n".join(paragraphs)


def text_pdf(text: str, *, password: str = "") -> bytes:
    """A PDF of plain text; with a password it needs it to open."""
    pdf = FPDF()
    pdf.set_font("helvetica", size=11)
    if password:
        pdf.set_encryption(
            owner_password="owner", user_password=password, permissions=AccessPermission.all()
        )
    pdf.add_page()
    pdf.multi_cell(0, 6, text)
    return bytes(pdf.output())


def scanned_pdf(pages: int = 1) -> bytes:
    """Pages that are pictures, without any text."""
    pdf = FPDF()
    for _ in range(pages):
        pdf.add_page()
        image = io.BytesIO()
        Image.new("L", (200, 200), 200).save(image, "PNG")
        image.seek(0)
        pdf.image(image, w=100)
    return bytes(pdf.output())


def bomb_pdf(megabytes: int = 10) -> bytes:
    """About 29 KB that hold `megabytes` of text operators on one page."""
    operators = b"BT /F1 12 Tf 10 10 Td (abcdefgh) Tj ET\n"
    stream = zlib.compress(operators * (megabytes * 1_000_000 // len(operators)), 9)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        xref,
    )
    return bytes(out)
