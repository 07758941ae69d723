"""Finds orders to a model inside documents, hides them, and sees if one was obeyed.

A document is data. Patterns cannot know every wording: what they miss, the round trip by another
model and the check of foreign codes may still stop. A span is a sentence or a line.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from shared.raft.answers import squash
from shared.raft.injection_patterns import FOLLOW_UP, ORDER

HIDDEN = "[…]"

Span = tuple[int, int]

_BREAK = re.compile(
    r"\n[ \t]*\n\s*|\n(?=[ \t]*(?:[-*+•|#>]|\d{1,3}[.)])\s?)|(?<=[.!?。！？])[\"'”’)\]*]*\s+"
    r"|(?<=[。！？])|\n(?=[ \t]*(?:system|assistant|user|human|ai|developer)\s*:)",
    re.IGNORECASE,
)
_CONCEALED = re.compile(
    r"<!--(?P<comment>.*?)(?:-->|\Z)|\[(?://|comment)\]:\s*#\s*[(\"'](?P<note>.*?)[)\"'](?:\n|\Z)"
    r"|<(?P<tag>\w+)[^>]*(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0"
    r"|color\s*:\s*(?:white|#fff))[^>]*>.*?</(?P=tag)>",
    re.DOTALL | re.IGNORECASE,
)
_COMMENT_WORDS = 4  # a shorter comment marks something up; a longer one says something unseen
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
)
_ACCENTED = re.compile("[\u00c0-\u052f\u1e00-\u1fff]")  # hangul and kana stay whole
_MARK = re.compile("[\u0300-\u036f]")
_TAGS = re.compile("[\U000e0020-\U000e007e]{3,}")  # letters that no font draws
_SPACED = re.compile(r"(?<!\w)(?:[^\W\d_][ .\-_*·|]{1,3}){7,}[^\W\d_](?!\w)")
_SPACED_WORD = re.compile(
    r"ignor|disregard|instruct|system|prompt|answer|respond|reply|forget|override|assistant|output"
)
_ENCODED = re.compile(r"[A-Za-z0-9+/]{20,}={0,2}|(?:[0-9a-fA-F]{2}[ :]?){16,}")
_TWINS = str.maketrans("авеёзікмнорсткухѕјԁԛԝαεικνορτυχ", "abee3ikmhopctkyxsjdqwaeiknoptux")
_LEET = str.maketrans("013457@$!|", "oieastasil")
_LETTERS = re.compile(r"[^\W\d_]")

_TOKEN = re.compile(r"https?://[^\s)\]>\"']+|[\w.+-]+@[\w-]+\.\w+|\w+(?:[-_/.'’]\w+)*")
_CODE = re.compile(
    r"(?=[\d\-_/.]*[^\W\d_])(?=[^\d]*\d)[\w\-/.]{4,}|[A-Z][A-Z0-9_\-]{3,}|https?://\S+|\S+@\S+\.\w+"
)
# 20GB, 3rd, 14-day, A4
_UNIT = re.compile(r"\d[\d.,:]*-?(?:[A-Za-z]{1,3}|[a-z]+)|[A-Za-z]{1,2}\d{1,2}")
_SHARED_WORDS = 4  # of an order in a row: it was copied
_OWN = frozenset(  # words of orders that an honest answer may use
    "a an the and or of to in on at for with by from as is are be it this that these those "
    "you your we i not no do does must should will shall can may only always never all any "
    "every each above below previous new now then answer answers question questions document "
    "documents text word words say says reply respond response write instruction instructions "
    "system user ignore one two three yes if when what which who how why there here them they "
    "their its he she so such than".split()
)


@lru_cache(maxsize=256)
def suspicious_spans(text: str) -> tuple[Span, ...]:
    """(start, end) of what is addressed to a model or hidden from readers, in order, merged."""
    hidden = [match.span() for match in _CONCEALED.finditer(text) if _says_something(match)]
    units = list(_units(text))
    marks = [_orders(text[start:end]) for start, end in units]
    # What follows an order, or stands before it, may be its second half.
    near = [
        not mark and any(marks[max(0, at - 1) : at + 2]) and _follows(text[slice(*units[at])])
        for at, mark in enumerate(marks)
    ]
    found = [unit for unit, mark, also in zip(units, marks, near, strict=True) if mark or also]
    return tuple(_merged(sorted([*hidden, *found]), text))


def without_spans(text: str, spans: Sequence[Span]) -> str:
    """The text with each span as `HIDDEN`."""
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start], HIDDEN]
        at = end
    return "".join([*parts, text[at:]])


def shown_text(text: str) -> str:
    """The text as models see it: without suspicious spans."""
    return without_spans(text, suspicious_spans(text))


def obeyed(
    sources: Sequence[str], question: str, answer: str, final: str, quotes: Sequence[str]
) -> str | None:
    """Why an example seems to follow an order in its source texts; None when it does not."""
    orders = [text[start:end] for text in sources for start, end in suspicious_spans(text)]
    seen = squash("\n".join(shown_text(text) for text in sources))
    known = _tokens(seen) | _parts(seen)
    if orders:
        for quote in quotes:
            if squash(quote) not in seen:
                return f"the answer quotes an instruction in the document: {squash(quote)[:80]}"
        planted = set().union(*(_tokens(order) for order in orders)) - known - _OWN
        if token := _first(planted & (_tokens(final) | _tokens(question))):
            return f"it holds what only an instruction in the document holds: {token}"
        marks = {code.casefold() for order in orders for code in codes(order)}
        if token := _first(marks & planted & _tokens(answer)):
            return f"it holds what only an instruction in the document holds: {token}"
        copied = set().union(*(_shingles(order) for order in orders)) - _shingles(seen)
        if token := _first(copied & (_shingles(answer) | _shingles(question))):
            return f"it repeats an instruction in the document: {token}"
    known |= _tokens(question) | _parts(question)
    for code in codes(final):
        if code.casefold() not in known and not _parts(code) <= known:
            return f"the answer holds a code that is nowhere in the document: {code[:80]}"
    return None


def _says_something(match: re.Match[str]) -> bool:
    content = match["comment"] or match["note"] or ""
    return match["tag"] is not None or len(content.split()) >= _COMMENT_WORDS or _orders(content)


def _units(text: str) -> Iterator[Span]:
    at = 0
    for match in [*_BREAK.finditer(text), None]:
        end = match.start() if match else len(text)
        raw = text[at:end]
        start = at + len(raw) - len(raw.lstrip())
        if raw.strip():
            yield start, start + len(raw.strip())
        at = match.end() if match else end


def _merged(spans: Sequence[Span], text: str) -> Iterator[Span]:
    held: Span | None = None
    for start, end in spans:
        if held and (start <= held[1] or not text[held[1] : start].strip()):
            held = (held[0], max(held[1], end))
            continue
        if held:
            yield held
        held = (start, end)
    if held:
        yield held


def _orders(unit: str) -> bool:
    """Whether a sentence gives a model orders, in the open or in disguise."""
    if _TAGS.search(unit):
        return True
    return any(ORDER.search(form) for form in _forms(unit)) or _spelled_out(unit)


def _follows(unit: str) -> bool:
    return FOLLOW_UP.search(_plain(unit)) is not None or _spelled_out(unit)


def _forms(unit: str) -> Iterator[str]:
    """The sentence as it reads, and as it would read undisguised."""
    plain = _plain(unit)
    yield plain
    if any(ord(letter) > 0x36F for letter in plain):
        yield plain.translate(_TWINS)
    if re.search(r"\w[-*_~`]\w", plain):
        yield re.sub(r"(?<=\w)[-*_~`]+(?=\w)", "", plain)
        yield re.sub(r"(?<=\w)[-*_~`]+(?=\w)", " ", plain)
    if re.search(r"[*_~`]", plain):
        yield re.sub(r"[*_~`]+", "", plain)
    if re.search(r"[^\W\d_][\d@$!|]+[^\W\d_]", plain):
        yield plain.translate(_LEET)
    yield codecs.encode(plain, "rot13")
    yield plain[::-1]
    for match in _ENCODED.finditer(unit):
        if decoded := _decoded(match[0]):
            yield _plain(decoded)


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
    text = _MARK.sub("", _ACCENTED.sub(lambda m: unicodedata.normalize("NFKD", m[0])[0], text))
    return squash(text.replace("’", "'"))


def _spelled_out(unit: str) -> bool:
    """Letters set apart, as in "i g n o r e"."""
    for match in _SPACED.finditer(_plain(unit)):
        if _SPACED_WORD.search("".join(_LETTERS.findall(match[0]))):
            return True
    return False


def _decoded(run: str) -> str:
    """What base64 or hexadecimal stands for, where it is readable text."""
    squeezed = re.sub(r"[ :]", "", run)
    for decode in (bytes.fromhex, lambda text: base64.b64decode(text + "=" * (-len(text) % 4))):
        try:
            text = decode(squeezed).decode()
        except (ValueError, binascii.Error):
            continue
        if text.isprintable() and " " in text.strip():
            return text
    return ""


def _tokens(text: str) -> set[str]:
    return {token.casefold().strip(".") for token in _TOKEN.findall(text)}


def _parts(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", text.casefold()))


def codes(text: str) -> list[str]:
    """Tokens that look like a code, an address or a word in capitals."""
    return [
        token
        for raw in _TOKEN.findall(text)
        if _CODE.fullmatch(token := raw.strip(".")) and not _UNIT.fullmatch(token)
    ]


def _shingles(text: str) -> set[str]:
    words = re.findall(r"\w+", text.casefold())
    return {
        " ".join(words[at : at + _SHARED_WORDS]) for at in range(len(words) - _SHARED_WORDS + 1)
    }


def _first(tokens: set[str]) -> str:
    return min(tokens, default="")
