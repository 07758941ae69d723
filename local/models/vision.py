"""Reads the picture in a request: the VISION model's stand-in, by optical character recognition.

The engine (RapidOCR on ONNX, its weights inside the wheel) is loaded at the first picture. It
finds lines and reads them; `vision_layout` makes markdown of them. It is no language model: it
keeps to what is printed, follows no instruction, and misreads a character now and then. Where the
package is not installed, a request with a picture is a clear "unsupported".
"""

import asyncio
import base64
import binascii
import hashlib
import importlib.util
import io
import math
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.models.errors import ApiError
from local.models.vision_layout import Piece, to_markdown

EMPTY_PAGE = "[empty page]"
PACKAGE = "rapidocr_onnxruntime"
THREADS = 1  # of the engine: a second one spends most of its time waiting, at full speed
REMEMBERED = 500  # readings, for requests that are sent again
DATA_URL = re.compile(r"data:image/(?:png|jpeg|webp);base64,(.*)\Z", re.S)
POUNDS = re.compile(r"(?<!\w)f ?(?=\d)")  # what the engine makes of a pound sign
SURE = 0.5  # of the engine's confidence in a line
UNCLIP = 2.0  # how far a box reaches around its ink: spaces between words are found better

# Tokens of a picture as gpt-4o counts them: scaled into a square of 2048, then to a shortest side
# of 768, it costs 170 for each tile of 512 and 85 once; at low detail 85 whatever its size.
# https://platform.openai.com/docs/guides/images-vision#calculating-costs
SQUARE, SHORTEST, TILE = 2048, 768, 512
BASE_TOKENS, TILE_TOKENS = 85, 170


def installed() -> bool:
    """Whether pictures can be read here."""
    return importlib.util.find_spec(PACKAGE) is not None


def pictures(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """URL and detail of all pictures in a request."""
    found = []
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else []:
            if isinstance(part, dict) and part.get("type") == "image_url":
                given = part.get("image_url")
                given = given if isinstance(given, dict) else {"url": given}
                found.append((str(given.get("url")), str(given.get("detail", "auto"))))
    return found


def picture_tokens(messages: list[dict[str, Any]]) -> int:
    """Prompt tokens of the pictures in a request; 400 for one that is none."""
    total = 0
    for url, detail in pictures(messages):
        width, height = size_of(_bytes_of(url))
        total += BASE_TOKENS if detail == "low" else tokens_of(width, height)
    return total


def tokens_of(width: int, height: int) -> int:
    """Tokens of one picture at high detail."""
    fit = min(1.0, SQUARE / max(width, height))
    short = min(1.0, SHORTEST / (min(width, height) * fit))
    across, down = (math.ceil(round(side * fit * short) / TILE) for side in (width, height))
    return BASE_TOKENS + TILE_TOKENS * max(across, 1) * max(down, 1)


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the file's head."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.size
    except (OSError, ValueError, Image.DecompressionBombError):
        raise ApiError(
            400, "invalid_image", "The image cannot be read.", param="messages"
        ) from None


def _bytes_of(url: str) -> bytes:
    match = DATA_URL.match(url)
    try:
        data = base64.b64decode(match[1], validate=True) if match else b""
    except binascii.Error:
        data = b""
    if not data:
        raise ApiError(
            400, "unsupported", "The stand-in reads pictures in data URLs only.", param="messages"
        )
    return data


class PictureReader:
    """Answers requests that show a picture, one picture at a time."""

    def __init__(self) -> None:
        self._engine: Any = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vision")
        self._known: dict[str, str] = {}

    async def reply(self, messages: list[dict[str, Any]]) -> str:
        """Markdown of the request's last picture, or that its page is empty."""
        if not installed():
            raise ApiError(
                400,
                "unsupported",
                f"The stand-in does not read images: the package {PACKAGE} is not installed.",
                param="messages",
            )
        data = _bytes_of(pictures(messages)[-1][0])
        key = hashlib.sha256(data).hexdigest()
        if key not in self._known:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._learn, key, data)
        return self._known[key] or EMPTY_PAGE

    def _learn(self, key: str, data: bytes) -> None:
        """Read and remember: a client that has stopped waiting will ask again."""
        if key not in self._known:
            text = self._read(data)
            while len(self._known) >= REMEMBERED:
                self._known.pop(next(iter(self._known)))
            self._known[key] = text

    def _read(self, data: bytes) -> str:
        import cv2
        import numpy as np

        grey = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        if grey is None:
            raise ApiError(400, "invalid_image", "The image cannot be read.", param="messages")
        if self._engine is None:
            from rapidocr_onnxruntime import RapidOCR

            cv2.setNumThreads(THREADS)
            self._engine = RapidOCR(
                intra_op_num_threads=THREADS, inter_op_num_threads=1, det_unclip_ratio=UNCLIP
            )
        found, _ = self._engine(cleaned(grey), use_cls=False)
        return to_markdown([_piece(box, text) for box, text, sure in found or [] if sure >= SURE])


def cleaned(grey: Any) -> Any:
    """The picture without a scanner's grain, its paper white and its ink black."""
    import cv2
    import numpy as np

    smooth = cv2.medianBlur(grey, 3)
    ink, paper = np.percentile(smooth, 1), np.percentile(smooth, 60)
    stretched = (smooth.astype(np.float32) - ink) * (255 / max(paper - ink, 1))
    return cv2.cvtColor(np.clip(stretched, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)


def _piece(box: list[list[float]], text: str) -> Piece:
    """The box turned level: a page lies slightly askew on a scanner. Its alphabet has no £."""
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = box
    height = (math.hypot(x1 - x4, y1 - y4) + math.hypot(x2 - x3, y2 - y3)) / 2
    middle = (y1 + y2 + y3 + y4) / 4
    text = POUNDS.sub("£", text)
    return Piece(text, min(x1, x4), middle - height / 2, max(x2, x3), middle + height / 2)
