"""The VISION stand-in over HTTP: it reads the picture it is shown, and bills it as OpenAI would."""

from __future__ import annotations

import base64
import io
import re
from collections import Counter
from pathlib import Path
from typing import Any

import openai
import pypdfium2
import pytest
from PIL import Image

from local.models import vision
from local.models.errors import ApiError
from local.models.vision import PictureReader, tokens_of
from local.models.vision_layout import Piece, to_markdown
from tests.local.models.support import Server

FEES = Path("samples/bank/fees-and-charges.pdf")
SOURCE = Path("samples/bank/text/fees-and-charges.md")


def picture_of(number: int, top: int = 0, bottom: int = 1_800) -> bytes:
    """A page of the sample as PNG, or a part of its 1800 rows of pixels."""
    page = pypdfium2.PdfDocument(FEES)[number - 1]
    out = io.BytesIO()
    picture = page.render(scale=1_800 / max(page.get_size()), grayscale=True).to_pil()
    picture.crop((0, top, picture.width, bottom)).save(out, "PNG")
    return out.getvalue()


def shown(data: bytes, detail: str = "high") -> list[dict[str, Any]]:
    """A request's messages with a picture."""
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    image = {"type": "image_url", "image_url": {"url": url, "detail": detail}}
    return [{"role": "user", "content": [{"type": "text", "text": "Transcribe."}, image]}]


def blank(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (width, height), 255).save(out, "PNG")
    return out.getvalue()


def ask(server: Server, messages: Any, model: str = "vision") -> Any:
    return server.client().chat.completions.create(model=model, messages=messages)


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def test_the_scanned_letter_is_read_word_for_word(server: Server) -> None:
    text = ask(server, shown(picture_of(7))).choices[0].message.content
    letter = SOURCE.read_text(encoding="utf-8").split("scanned -->\n")[1].split("<!--")[0]
    wanted = words(letter)
    assert (wanted & words(text)).total() >= 0.95 * wanted.total()
    assert re.search(r"^#+ Notice from the Pellwick branch$", text, re.M)
    assert re.search(r"^- The yearly night safe fee falls by 12 pounds, .* 2026\.$", text, re.M)
    assert "mobile branch can accept" in text


def test_a_table_becomes_a_table(server: Server) -> None:
    text = ask(server, shown(picture_of(3, 740, 1_500))).choices[0].message.content
    assert re.search(
        r"^\| Order \| Zone A \| Zone B \| .* \|\n\| --- \| --- \| --- \| --- \|", text, re.M
    )
    assert re.search(r"^\| Branch counter \| .*14.00 \| .*24.00 \| .*12.00 \|$", text, re.M)


def test_an_empty_page_is_said_to_be_empty_and_billed_by_its_size(server: Server) -> None:
    for width, height, detail, tokens in (
        (1_273, 1_800, "high", 85 + 170 * 6),
        (1_273, 1_800, "low", 85),
        (300, 200, "high", 85 + 170),
    ):
        messages = shown(blank(width, height), detail)
        reply = ask(server, messages)
        text_only = [{"role": "user", "content": "Transcribe."}]
        words_only = ask(server, text_only, "teacher").usage.prompt_tokens
        assert reply.choices[0].message.content == "[empty page]"
        assert reply.usage.prompt_tokens == words_only + tokens


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [(1_024, 1_024, 765), (2_048, 4_096, 1_105), (512, 512, 255), (4_096, 8_192, 1_105)],
)
def test_tokens_of_pictures_are_as_openai_gives_them(width: int, height: int, tokens: int) -> None:
    assert tokens_of(width, height) == tokens


def test_what_cannot_be_read_is_refused_clearly(server: Server) -> None:
    picture = shown(b"no picture")
    link: list[dict[str, Any]] = [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a/b"}}]}
    ]
    for messages, model, words_of in (
        (picture, "vision", "cannot be read"),
        (link, "vision", "data URLs only"),
        (shown(blank(9, 9)), "baseline", "does not read this"),
        ([{"role": "user", "content": "No picture."}], "vision", "does not read this"),
    ):
        with pytest.raises(openai.BadRequestError, match=words_of):
            ask(server, messages, model)


async def test_without_the_package_pictures_are_unsupported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vision, "PACKAGE", "a_package_that_nobody_has")
    with pytest.raises(ApiError) as caught:
        await PictureReader().reply(shown(blank(9, 9)))
    assert (caught.value.status, caught.value.body["error"]["code"]) == (400, "unsupported")


def test_faults_hit_the_vision_deployment_alone(clean: Server) -> None:
    clean.fault("server_error", "vision", count=1)
    with pytest.raises(openai.InternalServerError):
        ask(clean, shown(blank(90, 90)))
    assert ask(clean, shown(blank(90, 90))).choices[0].message.content == "[empty page]"


def piece(text: str, left: float, top: float, height: float = 20) -> Piece:
    return Piece(text, left, top, left + len(text) * height / 2, top + height)


def test_lines_become_headings_paragraphs_and_lists() -> None:
    lines = [
        piece("Fees and charges", 100, 0, 40),
        piece("The fee of a card is five pounds a month, and it is taken on the", 100, 100),
        piece("last day.", 100, 130),
        piece("- Gold cards are free of charge for as long as they are in use.", 130, 160),
        piece("- Silver cards are not.", 130, 190),
    ]
    assert to_markdown(lines) == "\n\n".join(
        [
            "# Fees and charges",
            "The fee of a card is five pounds a month, and it is taken on the last day.",
            "- Gold cards are free of charge for as long as they are in use.",
            "- Silver cards are not.",
        ]
    )


def test_columns_are_read_one_after_the_other() -> None:
    left = [piece(f"left words of the line {n}", 0, 30 * n) for n in range(6)]
    right = [piece(f"right words of the line {n}", 400, 30 * n) for n in range(6)]
    text = to_markdown([one for pair in zip(left, right, strict=True) for one in pair])
    assert text.index("left words of the line 5") < text.index("right words of the line 0")


def test_nothing_is_nothing() -> None:
    assert to_markdown([]) == ""
