"""Turns one statement into questions, each with the span that answers it.

The rules live in `asking_values` (amounts, numbers, times) and `asking_facts` (reasons, ways,
definitions, …), both over a parsed clause; here are the rules over whole sentences and what all
rules share. A draft's answer stands in the sentence as it is. The score of a rule says how natural
its questions read; the choice among drafts is made in `questions`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from local.models.grammar import (
    AUXILIARIES,
    BE,
    MODALS,
    PREPOSITIONS,
    Clause,
    base_forms,
    is_verb_start,
    lower_start,
    parse,
    verbs,
)
from local.models.words import vocabulary

SUBORDINATE = vocabulary("because since while when if although and or but nor so yet as than")
WITH_COMMAND = vocabulary(
    "call visit contact use refer ask go complete register log see choose select"
)


@dataclass(frozen=True)
class Draft:
    """A question, its answer, and how natural questions of its rule read (0 to 1)."""

    question: str
    answer: str
    kind: str
    score: float


@dataclass(frozen=True)
class Statement:
    """A parsed clause with its subject as it stands inside a question."""

    clause: Clause
    subject: str
    text: str

    def ask(self, start: str, *pieces: str) -> str:
        """`start auxiliary subject verb pieces?`: the words in question order."""
        parts = [start, self.clause.auxiliary, self.subject, self.clause.verb, *pieces]
        body = tidy(" ".join(part for part in parts if part))
        body = re.sub(r"\b(?:also|instead) ", "", body)
        return body[0].upper() + body[1:].rstrip(".") + "?"


Rule = Callable[[Statement], Iterator[Draft]]


def tidy(text: str) -> str:
    """One line without asides and stray punctuation."""
    text = re.sub(r"\s*\([^)]*\)", "", re.sub(r"\s+", " ", text).strip(" ,;:"))
    return re.sub(r"\s+([,.?])", r"\1", text)


def is_short(text: str, most: int) -> bool:
    """Whether a text has at most so many words."""
    return len(text.split()) <= most


def tail_of(text: str) -> str | None:
    """What may follow the asked span in a question: a short phrase or nothing; None if neither."""
    if text.lstrip().startswith(","):
        return ""
    text = tidy(text)
    if not text:
        return ""
    fits = text.split()[0].lower() in PREPOSITIONS - SUBORDINATE and not joins_verbs(text)
    return (
        text
        if fits and is_short(text, 9) and not re.search(r"[,;:]|\b(?:because|that)\b", text)
        else None
    )


def head_of(text: str) -> str | None:
    """What may stand before the asked span in a question; None if it is too much."""
    text = text.strip()
    too_much = re.search(r"[,;:]", text) or not is_short(text, 9) or joins_verbs(text)
    return None if too_much else text


def joins_verbs(text: str) -> bool:
    """Whether an `and` in a text goes on with another verb."""
    following = re.findall(r"\b(?:and|or|but) ([a-z]+)", text)
    return any(word in verbs() or word in AUXILIARIES for word in following)


def conditions(sentence: str) -> Iterator[Draft]:
    """`If …, do …`: `What should you do if …?`, `What happens if …?`"""
    match = re.match(
        r"(If|When|Once|After|Before) ([^,]{8,110}), (?:then )?(.{8,})$", sentence.rstrip(".")
    )
    if match is None:
        return
    word, condition, main = match[1].lower(), match[2], match[3]
    if re.match(r"(?:it|this|these|they|that|there|he|she|such)\b", condition, re.I):
        return
    if parse(inner_start(condition)) is None and not re.match(r"[a-z]+ing\b", condition):
        return
    if re.match(r"(?:and|or|but|which|who|the same)\b", main):
        return
    if is_verb_start(main) or re.match(r"you (?:should|must|need to|have to)\b", main):
        yield Draft(f"What should you do {word} {condition}?", main, "condition", 0.95)
    elif word in ("if", "when", "once") and parse(inner_start(main)) is not None:
        past = re.search(r"\b(?:was|were|had)\b", condition)
        verb = "happened" if past else "happens"
        yield Draft(f"What {verb} {word} {condition}?", main, "condition", 0.85)


def inner_start(text: str) -> str:
    """A part of a sentence as a sentence of its own."""
    return text[:1].upper() + text[1:]


def purposes(sentence: str) -> Iterator[Draft]:
    """`To do A, do B`: `How do you do A?`"""
    match = re.match(r"(?:In order )?[Tt]o ([a-z]+ [^,]{4,90}), (.{6,})$", sentence.rstrip("."))
    if match is None or match[1].split()[0] not in base_forms():
        return
    you = r"you (?:can|must|should|may|need|will|simply|just)\b"
    if is_verb_start(match[2]) or re.match(you, match[2]):
        yield Draft(f"How do you {match[1]}?", match[2], "means", 0.9)


def commands(sentence: str) -> Iterator[Draft]:
    """`Call … to do A`: `How can you do A?`"""
    text = sentence.rstrip(".")
    match = re.match(
        r"((?:Please )?([A-Z][a-z]+) .{4,90}?) (?:in order )?to ([a-z]+) (.{4,60})$", text
    )
    if match is None or match[2].lower() not in WITH_COMMAND or "," in match[4]:
        return
    if match[3] in base_forms():
        yield Draft(f"How can you {match[3]} {match[4]}?", match[1], "means", 0.75)


def split_opening(sentence: str, date: str) -> tuple[str, str]:
    """The main clause without an opening phrase, and the date if that phrase was one."""
    dated = re.match(rf"((?:In|On|Since|During|From|By) {date}),? (.+)$", sentence)
    if dated:
        return inner_start(dated[2]), dated[1][0].lower() + dated[1][1:]
    opening = re.match(
        r"(?:However|Finally|Later|Soon after|Instead|Normally|Then|Also|Additionally|In addition"
        r"|Furthermore|Moreover|Therefore|Generally"
        r"|Typically|Usually|Today|Note that|In general|For example|As a result"
        r"|(?:In contrast|Unlike|According to) [^,]*),? (.+)$",
        sentence,
    )
    return (inner_start(opening[1]), "") if opening else (sentence, "")


def clauses(sentence: str) -> list[str]:
    """The sentence and, where it joins several, each clause that has a subject of its own."""
    pieces = re.split(r"(?:, (?:and|but|so|while|whereas)|;) (?=[\w£$€])", sentence)
    pieces = [
        re.split(r", (?:which|who|whose|where|with|although|after|before|as) ", p)[0]
        for p in pieces
    ]
    found = [sentence]
    for piece in list(pieces):
        found.extend(_second_verbs(inner_start(piece)))
    for at, piece in enumerate(pieces):
        clause = parse(inner_start(piece)) if piece != sentence else None
        if clause is not None and (at == 0 or not piece.split()[0].endswith("ing")):
            found.append(inner_start(piece))
    return found


def _second_verbs(text: str) -> Iterator[str]:
    """`S V … and V2 …`: the two halves, each with the subject."""
    clause = parse(text)
    if clause is None or (re.search(r"\b(?:and|or)\b", clause.subject) and not clause.verb):
        return
    for match in re.finditer(r",? and (?:(?:then|also|so) )?(([a-z]+) .+)$", text):
        word, before = match[2], text[: match.start()]
        if match.start() < len(clause.subject) + 4 or re.search(
            r"\b(?:that|which|who|between|both)\b", before[len(clause.subject) :]
        ):
            continue
        finite = verbs().get(word, ("", ""))[1]
        again = ""
        if (clause.verb and finite == clause.auxiliary) or word in (
            "is",
            "has",
            "can",
            "must",
            "may",
            "are",
            "have",
            "cannot",
        ):
            plural = clause.auxiliary in ("do", "are", "have")
            if (word in ("is", "has") and plural) or (word in ("are", "have") and not plural):
                continue
            again = f"{clause.subject} {match[1]}"
        elif clause.verb and clause.auxiliary == "do" and word in base_forms():
            again = f"{clause.subject} {match[1]}"
        elif (clause.auxiliary in MODALS and not clause.verb and word in base_forms()) or (
            clause.auxiliary in BE and not clause.verb and re.search(r"(?:ed|en|nt|id)$", word)
        ):
            again = f"{clause.subject} {clause.auxiliary} {match[1]}"
        if again:
            yield before
            yield again
            return


def statements(sentence: str) -> Iterator[Statement]:
    """Every clause of a sentence that could be parsed."""
    for text in clauses(sentence):
        clause = parse(text)
        if clause is not None:
            yield Statement(clause, lower_start(clause.subject), text)
