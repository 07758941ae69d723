"""Cleans the text of pages before it is cut: characters, running heads, lines that are no lines.

What a reader puts out follows the page; what a model reads follows the sentence. Words are never
glued: two lines are joined by a space, or at a hyphen, and there only where the rest of the
document shows that the word is one. Nothing else of the text is changed, added or dropped, running
heads and page numbers aside.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shared.raft.documents import BY_VISION, Page, drop_running_lines

# Latin ligatures only: NFKC of more would turn a superscript 2 into a 2 and ½ into 1⁄2.
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
_SPACES = dict.fromkeys((0xA0, 0x2007, 0x202F), " ")
_NOTHING = dict.fromkeys((0x200B, 0x2060, 0xFEFF))
_CONTROLS = dict.fromkeys((*range(9), 0xB, *range(0xE, 0x20), 0x7F), " ")
_BREAKS = {0xC: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"}
_CHARACTERS = _LIGATURES | _SPACES | _NOTHING | _CONTROLS | _BREAKS
_SOFT_HYPHEN = re.compile("\xad[ \t]*(\n[ \t]*)?")
_BROKEN_HYPHEN = "\ufffe"  # pdfium's word for a hyphen at a line's end, the line's end included

HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*)$")
TABLE_ROW = re.compile(r" {0,3}\|.*\|[ \t]*$")
TABLE_RULE = re.compile(r" {0,3}\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*$")
ITEM = re.compile(r"[ \t]*(?:[-*+•·▪◦–●○■‣]|\(?\d{1,3}[.)]|\(?[a-z]\))[ \t]+\S")
_LABEL = re.compile(r"[A-Z][\w ,/&()'’-]{0,40}:(?:[ \t]|$)")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_LINE_END = re.compile(r"(?<![^\W\d_])([^\W\d_]+)-\n\s*([^\W\d_]+)")
_CUT_WORDS = 2  # so many of a document's words must be seen whole elsewhere
_CUT_WORD = re.compile(r"(?<![^\W\d_])([^\W\d_]+)-$")
_SUSPENDED = {"and", "or", "to", "und", "oder", "et", "ou", "y", "o"}
_PREFIXES = {
    "all",
    "cross",
    "ex",
    "half",
    "high",
    "long",
    "low",
    "mid",
    "non",
    "self",
    "short",
    "well",
}
_TITLE_LINES = 3
_LONG_BREAK = re.compile(r"\n{3,}")
_UNFINISHED = re.compile(r"[^.!?:;\"”’)\]|]$")
_PROSE_CHARACTERS = 40  # a shorter line before a page's end may be a title


def mend_characters(text: str) -> str:
    """Ligatures as letters, odd spaces as spaces, soft hyphens and invisible characters gone."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace(_BROKEN_HYPHEN, "-\n")
    return _SOFT_HYPHEN.sub("", text).translate(_CHARACTERS)


def clean_pages(pages: Sequence[Page]) -> list[Page]:
    """Pages of a laid-out document: without running lines, headings marked, paragraphs whole.

    Lines of a transcript are its author's, and stay.
    """
    mended = [replace(page, text=mend_characters(page.text)) for page in pages]
    plain = drop_running_lines(mended)
    known = lexicon_of(page.text for page in plain)
    cleaned = []
    for page in plain:
        text = mark_headings(page.text, page.headings)
        text = (
            _LONG_BREAK.sub("\n\n", text) if page.read_by == BY_VISION else join_lines(text, known)
        )
        cleaned.append(replace(page, text=text.strip("\n")))
    return continue_tables(cleaned)


def mark_headings(text: str, headings: Sequence[tuple[int, str]]) -> str:
    """The text with the lines that are one of the (level, title) as markdown headings.

    Titles are looked for in order, each below the one before; one that takes up to three lines
    of the page is found too. Titles that do not stand there are left alone.
    """
    lines = text.split("\n")
    keys = [_key(line) for line in lines] if headings else []
    at = 0
    for level, title in headings:
        found = _find_title(keys, _key(title), at)
        if found is None:
            continue
        start, end = found
        marked = (
            "#" * max(1, min(level, 6))
            + " "
            + " ".join(" ".join(lines[start:end]).split()).lstrip("# ")
        )
        lines[start:end] = ["", marked, ""]
        keys[start:end] = ["", "", ""]
        at = start + 2
    return "\n".join(lines)


def _find_title(keys: Sequence[str], wanted: str, at: int) -> tuple[int, int] | None:
    if not wanted:
        return None
    for start in range(at, len(keys)):
        if not keys[start]:
            continue
        held = ""
        for end in range(start + 1, min(start + _TITLE_LINES, len(keys)) + 1):
            held += keys[end - 1]
            if held == wanted:
                return start, end
            if not wanted.startswith(held):
                break
    return None


def _key(text: str) -> str:
    """Letters and digits only: outlines and pages differ in spaces, dashes and numbering dots."""
    return "".join(re.findall(r"\w", mend_characters(text).lstrip("# ").casefold()))


def join_lines(text: str, known: Lexicon | None = None) -> str:
    """Paragraphs as one line each; headings, list items, table rows and labels keep theirs."""
    lexicon = known or lexicon_of([text])
    joined: list[str] = []
    open_line = fenced = False
    for line in text.split("\n"):
        fence = line.lstrip().startswith(("```", "~~~"))
        fenced ^= fence
        bare = line.strip()
        paragraph = False
        if fenced or fence:
            joined.append("\n" + line)
        elif not bare or HEADING.match(line) or TABLE_ROW.match(line):
            joined.append("\n" + bare)
        elif not open_line or ITEM.match(line) or _LABEL.match(bare):
            joined.append("\n" + bare)
            paragraph = True
        else:
            joined[-1], space = _joint(joined[-1], bare, lexicon)
            joined.append(space + bare)
            paragraph = True
        open_line = paragraph
    return _LONG_BREAK.sub("\n\n", "".join(joined)).strip("\n")


def _joint(left: str, right: str, known: Lexicon) -> tuple[str, str]:
    """How the first of two lines of a paragraph ends, and what stands between them.

    A hyphen at the line's end goes where the document has the word without it, or where it does
    cut words at line ends and the halves are no words of their own; it stays when in doubt.
    """
    cut = _CUT_WORD.search(left)
    rest = _WORD.match(right)
    if cut is None or rest is None:
        return left, " "
    first, second = cut[1].casefold(), rest[0].casefold()
    if second in _SUSPENDED:
        return left, " "
    if not rest[0][0].islower() or known.words[f"{first}-{second}"]:
        return left, ""
    if known.words[first + second]:
        return left[:-1], ""
    compound = first in _PREFIXES or (known.words[first] and known.words[second])
    return (left[:-1] if known.cuts_words and not compound else left), ""


@dataclass(frozen=True)
class Lexicon:
    """The document's words with how often they stand whole, in lower case, and whether its lines
    end in cut words: more of its hyphens there are of known words than of known compounds."""

    words: Counter[str]
    cuts_words: bool


def lexicon_of(texts: Iterable[str]) -> Lexicon:
    """What the texts tell of their words; those cut at a line's end do not count as words."""
    words: Counter[str] = Counter()
    cut: list[tuple[str, str]] = []
    for text in texts:
        cut += [(one.casefold(), other.casefold()) for one, other in _LINE_END.findall(text)]
        words.update(word.casefold() for word in _WORD.findall(_LINE_END.sub(" ", text)))
    whole = sum(1 for one, other in cut if words[one + other])
    compounds = sum(1 for one, other in cut if words[f"{one}-{other}"])
    return Lexicon(words, whole >= max(_CUT_WORDS, 2 * compounds))


def continue_tables(pages: Sequence[Page]) -> list[Page]:
    """Pages on which a table goes on from the page before show its rows only.

    A header that the page repeats goes; a row that passed for a header is a row again.
    """
    done: list[Page] = []
    header: list[str] = []
    for page in pages:
        lines = page.text.split("\n")
        first = next((i for i, line in enumerate(lines) if line.strip()), None)
        if header and first is not None and _is_table(lines, first):
            if _cells_of(lines[first]) == _cells_of(header[0]):
                del lines[first : first + 2]
            elif len(_cells_of(lines[first])) == len(_cells_of(header[0])):
                del lines[first + 1]
        text = "\n".join(lines).strip("\n")
        if text.strip():
            header = _open_table(text.split("\n"), header)
        done.append(replace(page, text=text))
    return done


def _is_table(lines: Sequence[str], at: int) -> bool:
    return (
        at + 1 < len(lines)
        and bool(TABLE_ROW.match(lines[at]))
        and bool(TABLE_RULE.match(lines[at + 1]))
    )


def _open_table(lines: Sequence[str], header: list[str]) -> list[str]:
    """Header and rule of the table that the lines end with; [] when they end with none."""
    at = len(lines)
    while at > 0 and TABLE_ROW.match(lines[at - 1]):
        at -= 1
    if at == len(lines):
        return []
    return list(lines[at : at + 2]) if _is_table(lines, at) else header if at == 0 else []


def _cells_of(row: str) -> list[str]:
    return [" ".join(cell.split()) for cell in row.strip().strip("|").split("|")]


def between_pages(above: str, below: str) -> str:
    """What stands between two pages: a paragraph that goes on is not parted."""
    last, first = above.rstrip().rpartition("\n")[2], below.lstrip().partition("\n")[0]
    if TABLE_ROW.match(last) and TABLE_ROW.match(first):
        return "\n"
    goes_on = _UNFINISHED.search(last) and len(last) >= _PROSE_CHARACTERS
    plain = not (HEADING.match(last) or HEADING.match(first) or ITEM.match(first))
    if goes_on and plain and not first.startswith("|"):
        return "\n" if first[:1].isupper() and len(first) < _PROSE_CHARACTERS else " "
    return "\n\n"
