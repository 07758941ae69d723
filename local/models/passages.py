"""What a reader knows at each sentence or row of a document: what stands above and before it.

A sentence is understood with its headings, with the product that its section speaks of, and, where
it begins with a pronoun, with the sentence before. A row is understood with its header, also where
a quotation has lost the line below the header.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from local.models.grammar import verbs
from local.models.naming import POINTING, last_product, product_of
from local.models.units import HEADING, TABLE_RULE, Unit, read_units
from local.models.words import STOPWORDS, stem, words

MOST_QUOTED, MOST_IN_EXCERPT = 10, 4  # units
LEVEL = re.compile(r"(#{1,6})\s")
NUMBERED = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip
SAME = {"whom": "who", "cheaper": "cost", "telephone": "phone", "automat": "automatic"}


@dataclass(frozen=True)
class Passage:
    """A unit with what is known around it: `above` are its headings, `before` the last sentence
    where the unit points back to it, `product` the product that its section spoke of last.
    `excerpt` says that the document has neither headings nor other context."""

    unit: Unit
    above: tuple[str, ...]
    before: str
    product: str
    excerpt: bool

    @property
    def around(self) -> str:
        """All that is known besides the unit itself."""
        return " \n ".join((*self.above, self.before, self.product, *self.unit.header))


@lru_cache(maxsize=32_768)
def meaning(text: str) -> frozenset[str]:
    """The content of a text: stems of its words, verbs in their base form, numbers as figures."""
    found = set()
    for word in words(text):
        if word in STOPWORDS:
            continue
        word = NUMBERED.get(word, word)
        base = verbs().get(word, (word, ""))[0] if word.isalpha() else word
        item = stem(base)
        found.add(SAME.get(item, item))
    return frozenset(found)


def is_excerpt(document: str) -> bool:
    """Whether a document is a few quotations only: it has no heading that names a subject."""
    units = read_units(document)
    return not any(unit.kind == HEADING for unit in units) and len(units) <= MOST_IN_EXCERPT


def mended(documents: tuple[str, ...]) -> tuple[str, ...]:
    """The documents; quotations also read as one text, with the line below a table's header that
    quoting it lost, so that a row is read with its header."""
    if not documents or sum(len(read_units(text)) for text in documents) > MOST_QUOTED:
        return documents
    lines = [line for text in documents for line in text.splitlines() if line.strip()]
    rows = [at for at, line in enumerate(lines) if line.count("|") >= 2]
    ruled = any(TABLE_RULE.match(line) for line in lines)
    if len(rows) >= 2 and not ruled:
        columns = max(1, lines[rows[0]].strip().strip("|").count("|") + 1)
        lines.insert(rows[0] + 1, "|" + " --- |" * columns)
    joined = "\n".join(lines)
    return documents if joined in documents else (*documents, joined)


@lru_cache(maxsize=2048)
def passages(document: str) -> tuple[Passage, ...]:
    """Every unit of a document but its headings, in reading order."""
    units = read_units(document)
    excerpt = is_excerpt(document)
    above: list[tuple[int, str]] = []
    found: list[Passage] = []
    before, product = "", ""
    for unit in units:
        if unit.kind == HEADING:
            mark = LEVEL.match(unit.text)
            level = len(mark[1]) if mark else 6
            title = LEVEL.sub("", unit.plain)
            above = [entry for entry in above if entry[0] < level] + [(level, title)]
            before, product = "", product_of(title)
            continue
        pointing = before if POINTING.match(unit.plain) else ""
        product = last_product(unit.plain, product)
        titles = tuple(title for _, title in above)
        found.append(Passage(unit, titles, pointing, product, excerpt))
        before = unit.plain if not pointing else f"{before} {unit.plain}"
    return tuple(found)
