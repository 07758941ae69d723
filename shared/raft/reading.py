"""Judges the text layer of a PDF's page: whether what a reader found there is the page's text.

A layer is poor when it is missing though the page shows something, when a picture covers the page
and the text is no more than a stamp, or when its characters are not those that a person sees: fonts
without a mapping give private characters, a shifted alphabet or words without spaces. Each sign
alone is enough, and is told in words. A page that shows nothing needs nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from shared.errors import DocumentError
from shared.raft.documents import Page

_MOSTLY = 0.6  # of the page under pictures
_STAMP_CHARACTERS = 150  # letters and digits: a stamp, a Bates number, a scanner's advertisement
_ODD_WORDS = 0.01  # of words with a character that is none
_ODD_LEAST = 3
_LONE_ODD = 0.3  # of words: bullets of symbol fonts stay below
_SYMBOLS = 0.4
_SYMBOLS_LEAST = 100
_LONG = 30  # letters: longer words are rare in any language that parts words by spaces
_LONG_SHARE = 0.4
_LONG_LEAST = 3
_SINGLE = 0.5
_SINGLE_LEAST = 60
_PAIRS = 300  # of letters, before their frequency says anything
_COMMON = 0.5
_VOWELS = 0.2

# Pairs of letters that are frequent in European languages: natural text has 60–80 % of its pairs
# among them (English, German, French, Spanish, Polish, Finnish, Hungarian, Turkish, Czech and
# more), a shifted alphabet 8–29 %, shuffled letters 44 %.
_COMMON_PAIRS = frozenset(
    "ac ad ai ak al am an ar as at be ca ce ch co cz da de di do ea ec ed eg ei ek el em en er es "
    "et ez ge ha he hi ic ie ii il in io ir is it ja ka ke ki ko ks ku la le li ll ma me mi na nd "
    "ne ng ni no nt of ol om on os ou ov ow pa pe po pr ra re ri ro sa sc se si so ss st sz ta te "
    "th ti to tr tt ty ue um un ur us va ve vi wa za aa od".split()
)
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[a-zß-öø-ÿ]{3,}")
_SPACED = re.compile(r"[A-Za-zÀ-ɏͰ-ϿЀ-ӿ]+")  # scripts that part words by spaces
_LEADERS = frozenset(".-_|·…—–=•*#")  # of tables, rules and lists of contents
_VOWEL = frozenset("aeiouyàáâäåæèéêëìíîïòóôöøùúûüý")


def poor_text_layer(page: Page) -> str:
    """Why the page's text cannot be its text; '' when it can, or when the page is blank."""
    if page.problem:
        return "its text cannot be read"
    text = page.text
    if not text.strip():
        if page.pictured >= _MOSTLY:
            return "it is a picture without text"
        return "it shows something and holds no text" if page.drawn else ""
    written = sum(character.isalnum() for character in text)
    if page.pictured >= _MOSTLY and written < _STAMP_CHARACTERS:
        return f"a picture covers it and its text has {written} characters only"
    return not_text(text)


def not_text(text: str) -> str:
    """Why this cannot be what a person wrote; '' when it can."""
    return _odd_characters(text) or _symbols(text) or _spaces(text) or _letters(text)


def refusal_of_unread(name: str, pages: Sequence[Page]) -> DocumentError:
    """What to raise for a document none of whose pages gave any text, as they were first read."""
    if troubled := [page for page in pages if page.problem]:
        page = troubled[0]
        return DocumentError(
            "damaged", f"page {page.number} of {name} cannot be read: {page.problem}"
        )
    return DocumentError(
        "no_text", f"{name} has {len(pages)} pages and none holds text: it may be scanned"
    )


def _odd_characters(text: str) -> str:
    words = text.replace("\ufffe", "-").split()  # pdfium's word for a hyphen at a line's end
    odd = [word for word in words if any(map(_is_odd, word))]
    inside = sum(len(word) > 1 for word in odd)
    if inside >= max(_ODD_LEAST, _ODD_WORDS * len(words)):
        return f"{inside} of its {len(words)} words hold characters that are none"
    if len(odd) - inside > max(_ODD_LEAST, _LONE_ODD * len(words)):
        return f"{len(odd)} of its {len(words)} words are characters that are none"
    return ""


def _is_odd(character: str) -> bool:
    """Whether it is the replacement character, private, unassigned or a control character."""
    return character == "\ufffd" or unicodedata.category(character) in ("Co", "Cn", "Cc", "Cs")


def _symbols(text: str) -> str:
    shown = [c for c in text if not c.isspace() and c not in _LEADERS]
    symbols = sum(not (c.isalnum() or unicodedata.category(c)[0] in "MC") for c in shown)
    if len(shown) >= _SYMBOLS_LEAST and symbols > _SYMBOLS * len(shown):
        return f"{symbols} of its {len(shown)} characters are signs"
    return ""


def _spaces(text: str) -> str:
    words = [match[0] for match in _SPACED.finditer(text)]
    letters = sum(map(len, words))
    long = [word for word in words if len(word) > _LONG]
    if len(long) >= _LONG_LEAST and sum(map(len, long)) > _LONG_SHARE * letters:
        return f"{len(long)} of its words are over {_LONG} letters long: spaces are missing"
    single = sum(len(word) == 1 for word in words)
    if len(words) >= _SINGLE_LEAST and single > _SINGLE * len(words):
        return f"{single} of its {len(words)} words are single letters: words are torn"
    return ""


def _letters(text: str) -> str:
    """Whether a text in Latin letters has the patterns of a language."""
    lower = text.casefold()
    words = _LATIN.findall(lower)
    latin = sum(map(len, words))
    if latin < 0.5 * sum(map(len, _WORD.findall(lower))):
        return ""
    plain = [_without_accents(word) for word in words]
    pairs = [word[at : at + 2] for word in plain for at in range(len(word) - 1)]
    if len(pairs) < _PAIRS:
        return ""
    vowels = sum(character in _VOWEL for word in words for character in word)
    common = sum(pair in _COMMON_PAIRS for pair in pairs)
    if vowels < _VOWELS * latin or common < _COMMON * len(pairs):
        return "its letters are those of no language: the font does not say what it shows"
    return ""


def _without_accents(word: str) -> str:
    return "".join(unicodedata.normalize("NFD", character)[0] for character in word)
