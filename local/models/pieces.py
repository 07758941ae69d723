"""Cuts what follows a verb into pieces: the core, then one phrase or clause after the other.

"cancel an account within 14 days without giving a reason" has the core "cancel an account" and the
pieces "within 14 days" and "without giving a reason". A piece can be asked for, kept or left out as
a whole, so that one sentence gives several questions.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from local.models.asking import Statement, inner_start
from local.models.grammar import (
    AUXILIARIES,
    DETERMINERS,
    PREPOSITIONS,
    RELATIVES,
    base_forms,
    parse,
    verbs,
)
from local.models.words import vocabulary, words

OPENERS = vocabulary(
    """
    in on at by for with from to into onto through during after before within without until
    unless when if because while under over per since via against every each once twice daily
    weekly monthly quarterly yearly annually whenever despite instead together except about
    """
)
CLAUSES = vocabulary("when if because unless while since whenever so although whereas")
VAGUE_WORDS = vocabulary("it this these those they them he she him her their its his such there")
KEPT = vocabulary("for in on at with from to when if unless without after before under by into")
GLUED = re.compile(
    r"(?:at (?:least|most)|up to|as (?:much|many|well|long|if)|more than|each other|as (?:a|an)"
    r"|in (?:total|principle|writing|advance|person|full)|to (?:\d|[£$€])|for example)\b",
    re.I,
)
MOST_WORDS = 22


@dataclass(frozen=True)
class Piece:
    """A phrase as it stands, without the comma at its end; `apart` if a comma stands before it."""

    text: str
    apart: bool = False

    @property
    def word(self) -> str:
        """The first word in lower case."""
        return self.text.split()[0].lower().strip(",") if self.text else ""

    @property
    def vague(self) -> bool:
        """Whether it points outside itself."""
        return bool(VAGUE_WORDS & set(words(self.text)))


def _opens(tokens: list[str], at: int, current: list[str]) -> bool:
    """Whether a new piece begins at a token."""
    word, before = tokens[at].lower().strip(","), tokens[at - 1].lower()
    pair = " ".join(tokens[at : at + 2])
    joined = before.strip(",") in ("and", "or", "than", "not", "only", "but", "up")
    if GLUED.match(pair) or joined or before in OPENERS | PREPOSITIONS:
        return False
    opener = current[0].lower() if current else ""
    if opener == "from" and word == "to":
        return False
    if word in ("daily", "weekly", "monthly", "quarterly", "yearly", "annually"):
        following = tokens[at + 1].lower() if at + 1 < len(tokens) else "at"
        return following in PREPOSITIONS and before not in DETERMINERS
    if word in ("each", "every"):
        period = r"(?:\w+ )?(?:day|week|month|quarter|year|night)s?\b"
        return bool(re.match(period, " ".join(tokens[at + 1 : at + 3])))
    if before.endswith(","):
        return word in OPENERS and word != opener
    return word in OPENERS or (word == "so" and at + 1 < len(tokens))


def _ends(tokens: list[str], at: int) -> bool:
    """Whether something new begins that no question about this clause should take along."""
    word, before = tokens[at].lower(), tokens[at - 1]
    following = tokens[at + 1].lower() if at + 1 < len(tokens) else ""
    later = tokens[at + 2].lower() if at + 2 < len(tokens) else ""
    if before.endswith(";"):
        return True
    if before.endswith((",", ":")):
        if word in RELATIVES | {"but", "so", "whereas", "while", "although"}:
            return True
        if re.match(r"\w{2,}ing$|including$|such$|like$", word):
            return True
        if following.strip(",") in RELATIVES and word in OPENERS:
            return True
    if word in ("and", "but") and before.endswith(",") and later:
        rest = " ".join(tokens[at + 1 :])
        if parse(inner_start(rest)) is not None or later in AUXILIARIES:
            return True
    if word in ("and", "but", "or"):
        finite = verbs().get(following, ("", ""))[1] == "does" or following in AUXILIARIES | {
            "cannot"
        }
        goes_on = not later or later in DETERMINERS | PREPOSITIONS
        return finite or (following in base_forms() and goes_on) or (following == "then")
    return False


@lru_cache(maxsize=8192)
def cut(rest: str) -> tuple[Piece, ...]:
    """The pieces of a predicate in order; the first is the core and may be empty."""
    tokens = rest.split()
    found: list[Piece] = []
    current: list[str] = []
    closed = apart = False

    def close() -> None:
        found.append(Piece(" ".join(current).strip(" ,;:"), apart))
        current.clear()

    for at, token in enumerate(tokens):
        if (
            at
            and _ends(tokens, at)
            and (found or token.lower() not in ("and", "or") or tokens[at - 1].endswith(","))
        ):
            break
        following = tokens[at + 1].lower() if at + 1 < len(tokens) else ""
        if at and (token.lower() in RELATIVES or following in ("which", "whom", "whose")):
            closed = True
        if at and tokens[at - 1].endswith((",", ";")):
            closed = False
        if at and not closed and _opens(tokens, at, current):
            close()
            apart = tokens[at - 1].endswith((",", ";", ":"))
        if token.lower() in CLAUSES and not current:
            closed = True
        current.append(token)
    close()
    first = tokens[0].lower() if tokens else ""
    if first in OPENERS and not GLUED.match(rest):
        found.insert(0, Piece(""))
    return tuple(found)


def around(said: Statement, at: int) -> tuple[str, str] | None:
    """What to say before and after the asked piece: short and clear, or None."""
    pieces = cut(said.clause.rest)
    before = [piece for piece in pieces[:at] if piece.text]
    if any(re.search(r"[;:]|, (?!.*\b(?:and|or)\b)", piece.text) for piece in before):
        return None
    while before and before[-1].vague and len(before) > 1:
        before.pop()
    if any(piece.vague for piece in before):
        return None
    count = len(said.subject.split()) + sum(len(piece.text.split()) for piece in before)
    after: list[str] = []
    for piece in pieces[at + 1 :]:
        length = len(piece.text.split())
        if (
            piece.apart
            or piece.vague
            or piece.word not in KEPT
            or "," in piece.text
            or count + length > 15
        ):
            break
        text = re.split(r",? (?:and|or|but) (?=[£$€\d]|an extra)", piece.text)[0]
        after.append(text)
        if text != piece.text:
            break
        count += length
    return None if count > MOST_WORDS else (" ".join(p.text for p in before), " ".join(after))


def brief(rest: str, most: int = 15) -> str:
    """The core and as many pieces as fit; nothing when even the core is too long or vague."""
    kept = ""
    for piece in cut(rest.split(", ")[0]):
        longer = f"{kept} {piece.text}".strip()
        if piece.vague or len(longer.split()) > most:
            break
        kept = longer
    return kept
