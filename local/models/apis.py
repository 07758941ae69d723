"""Instructions that an API carries out, and the call that carries one out.

An entry is lines `field: value`, as the pipeline writes one endpoint of Gorilla's API Zoo or
APIBench; its `api_call` (or `api_name`) is the answer, quoted as it stands.
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache

from local.models.grammar import base_forms, verbs
from local.models.passages import meaning
from local.models.questions import Asked
from local.models.units import SENTENCE, Unit, collapse

FIELD = re.compile(r"^([a-z][a-z_]{2,40}): ?(.*)$", re.M)
SAYS_WHAT = ("functionality", "description", "api_description")
ASKING = meaning("which api call use need want how can run make request endpoint library do")
LEAST_COVER = 0.8
NOT_ASKED = re.compile(r"\b(?:you|your|this|it)\b|[:;|{}<>]")


@dataclass(frozen=True)
class Entry:
    """One endpoint: its fields, and what it does as verb phrases."""

    fields: dict[str, str]
    does: tuple[str, ...]

    @property
    def call(self) -> str:
        """The call as written; the name where no call is given."""
        return self.fields.get("api_call") or self.fields["api_name"]

    @property
    def line(self) -> str:
        """The line that states the call, verbatim."""
        name = "api_call" if self.fields.get("api_call") else "api_name"
        return f"{name}: {self.fields[name]}"

    @property
    def told(self) -> tuple[str, ...]:
        """The lines that say what it does and with which arguments, verbatim."""
        names = [name for name in (*SAYS_WHAT, "api_arguments") if self.fields.get(name)]
        return tuple(f"{name}: {self.fields[name]}" for name in names)

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of its arguments."""
        try:
            given = json.loads(self.fields.get("api_arguments", ""))
        except ValueError:
            return ()
        names = given if isinstance(given, dict | list) else []
        return tuple(name for name in names if isinstance(name, str))


@lru_cache(maxsize=1024)
def read_entry(document: str) -> Entry | None:
    """The endpoint that a document describes; None if it describes none."""
    fields = {name: collapse(value) for name, value in FIELD.findall(document) if value.strip()}
    if not fields.get("api_call") and not fields.get("api_name"):
        return None
    told = [sentence for name in SAYS_WHAT for sentence in _sentences(fields.get(name, ""))]
    does = [phrase for sentence in told if (phrase := _verb_phrase(sentence))]
    return Entry(fields, tuple(dict.fromkeys(does)))


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!])\s+", text) if part.strip()][:3]


def _verb_phrase(sentence: str) -> str:
    """`Adds an event to a calendar.` as `add an event to a calendar`; nothing if it is no deed."""
    text = re.sub(
        r"^(?:This|The) (?:API|endpoint|method|function|call|model)(?: call)? "
        r"(?:is used to |can be used to |can |allows you to |lets you )?",
        "",
        sentence,
    ).rstrip(" .")
    first, _, rest = text.partition(" ")
    low = first.lower()
    base = low if low in base_forms() else verbs().get(low, ("", ""))[0]
    if base and rest and len(text.split()) <= 18 and not NOT_ASKED.search(rest):
        return f"{base} {rest}"
    noun = re.fullmatch(r"(?:[A-Z][\w-]* ?){1,4}(?:to [A-Z]\w+)?", text)
    return f"run {text.lower()}" if noun and len(text) > 5 else ""


@lru_cache(maxsize=1024)
def instructions(document: str) -> tuple[Asked, ...]:
    """What a user could ask for that the API of the document does, best first."""
    entry = read_entry(document)
    if entry is None or not entry.does:
        return ()
    main, others = entry.does[0], entry.does[1:]
    told = [f"How can I {main}?", f"{main[0].upper()}{main[1:]}."]
    told += [f"How can I {other}?" for other in others]
    told += [f"I want to {main}. Which call does that?"]
    told += [f"How do I set {name} when I {main}?" for name in entry.arguments[:2]]
    told += [f"Which call do I need to {main}?"]
    return tuple(_asked(text, entry, 0.9 - 0.01 * at) for at, text in enumerate(told))


def _asked(question: str, entry: Entry, score: float) -> Asked:
    """The call as the answer, quoted with what the entry says that it does."""
    call, *told = (Unit(line, line, 0, 0, SENTENCE) for line in (entry.line, *entry.told))
    return Asked(question, entry.call, call, "api", score, tuple(told))


def find_call(question: str, documents: tuple[str, ...]) -> Asked | None:
    """The call of the endpoint that does nearly all that is asked for; None if none does."""
    wanted = meaning(question) - ASKING
    best: tuple[float, Asked] | None = None
    for document in documents:
        entry = read_entry(document)
        if entry is None or not wanted:
            continue
        cover = len(wanted & meaning(document)) / len(wanted)
        if cover >= LEAST_COVER and (best is None or cover > best[0]):
            best = cover, _asked(question, entry, cover)
    return best[1] if best else None
