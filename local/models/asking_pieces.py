"""Questions for one piece of a sentence each: when, how long, how often, where, how, why, for whom.

The piece that is the answer leaves the sentence, and the other pieces stay as far as they are short
and clear. So a sentence with a time, a place and a reason gives three questions.
"""

import re
from collections.abc import Iterator

from local.models.asking import Draft, Statement, inner_start, is_short
from local.models.asking_facts import NEGATIVE_SUBJECT
from local.models.asking_subjects import PERSON
from local.models.grammar import AUXILIARIES, BE, MODALS, parse
from local.models.patterns import AMOUNT, COUNT, DATE, HOURS, LEAD, MONTH, PERCENT, TIME_UNIT
from local.models.pieces import Piece, around, cut

SPAN = rf"(?:{LEAD})?(?:{COUNT}|an?|one|half an?)(?:(?:, | or | to ){COUNT})* {TIME_UNIT}"
DAY = (
    r"(?:the )?(?:first|second|third|last|next|same|following|previous)?(?: \w+)? ?"
    r"(?:day|morning|evening|month|week|weekend|year|quarter|Monday|Tuesday|Wednesday|Thursday"
    r"|Friday|Saturday|Sunday)s?\b"
)
OFTEN = re.compile(
    r"(?:(?:once|twice|\w+ times) (?:an?|per|each|every) \w+|daily|weekly|monthly|quarterly|yearly"
    rf"|annually|(?:every|each) (?:(?:{COUNT}|other|second|calendar|business) )?{TIME_UNIT}"
    r"|(?:every|each) quarter)\b"
)
PLACE = re.compile(
    r"(?:in|at|on) (?:(?:any|a|an|your|every|each|the|their|its|all) )?"
    r"(?:[\w'-]+ ){0,3}?(?:branch|branches|counters?|desks?|office|app|machines?|website|shops?"
    r"|post offices|centres?|vault|library|profile|menu|hospital|caves?|mines?|trees?|water)\b"
    r"|(?:in|at|on) (?:the )?[A-Z][\w'-]+"
    r"|(?:in|at) (?:south|north|west|east|central|tropical|most|many|dark|arid)\w* \w+",
)
NO_PLACE = re.compile(
    rf"\b(?:rate|price|time|hour|cost|formats?|Form|language)\b|\b{MONTH}\b|\d{{2}}|\bday\b|\b(?:Account|Card|Loan|Saver|Bond|Mortgage)s?\b"
)
PRICE_OPENERS = ("at", "to", "for", "above", "below")
WAY = re.compile(
    r"(?:by|through|using|via) (?:[a-z]+ing|an?|the|one|two|both|online|secure"
    r"|telephone|letter|post|video|text|[A-Z]\w+)\b"
)


def timing(said: Statement) -> Iterator[Draft]:
    """`Within how many days …?`, `For how long …?`, `How often …?`, `When …?`"""
    for _at, piece, before, after in _asked(said):
        found = _time_of(piece, bool(before or said.clause.verb))
        if found:
            start, answer, kind, score = found
            if kind == "time" and re.match(r"(?:after|before|during) \D*$", answer):
                answer, after = _with_rest(said, piece, answer), ""
            yield Draft(said.ask(start, before, after), answer, kind, score)


def _time_of(piece: Piece, known: bool) -> tuple[str, str, str, float] | None:
    """How to ask for a piece about time, and the answer."""
    text = re.split(r", (?:or|and) ", piece.text)[0]
    if re.match(r"on the (?:same |previous )?day$|.* of$", text):
        return None
    often = OFTEN.match(text)
    if often:
        return "How often", often[0], "duration", 0.88
    match = re.match(
        rf"(within|for|after|before|in|every) ({SPAN})\b"
        r"(?!['’]| [a-z]*(?:proof|time|payment|card))(.*)",
        text,
    )
    if match and known:
        word, span, tail = match[1], match[2], match[3]
        if word == "within":
            unit = re.sub(r"^.*?(?=(?:\w+ )?\w+$)", "", span).split()
            name = " ".join(
                part
                for part in unit
                if re.fullmatch(rf"business|calendar|working|{TIME_UNIT}", part)
            )
            name = name if name.endswith("s") else f"{name}s"
            counted = re.search(COUNT, span)
            start = f"Within how many {name}" if counted else "How soon"
            return start, f"within {span}", "duration", 0.9
        if word == "for":
            return "For how long", f"for {span}", "duration", 0.9
        if word == "in":
            return ("How soon", f"in {span}", "duration", 0.6) if not tail else None
        return "When", text, "time", 0.84
    clock = re.match(rf"(?:at|by|before|until|after|from|between) {HOURS}", text)
    dated = re.match(rf"(?:in|on|since|until|by|before|after|from|between) {DATE}", text)
    if clock or dated:
        asked = {"until": "Until when", "by": "By when", "since": "Since when"}.get(piece.word)
        start = asked or ("At what time" if clock and piece.word == "at" else "When")
        if piece.word == "from" and " to " not in text and " until " not in text:
            start = "From when"
        return (start, text, "time", 0.9) if known else None
    if not known or piece.vague:
        return None
    if re.match(rf"(?:on|in|at|during) {DAY}|at (?:any time|once|night|midnight)|{DAY}$", text):
        return "When", text, "time", 0.82
    if re.match(r"until ", text):
        return "Until when", text, "time", 0.82
    if re.match(r"(?:after|before|during) (?:an?|the|each|every|any|its|[a-z]+ing)\b", text):
        return "When", text, "time", 0.8
    return None


def _with_rest(said: Statement, piece: Piece, answer: str) -> str:
    """The answer with the phrases that belong to it: "before a cut in the rate"."""
    pieces = cut(said.clause.rest)
    for following in pieces[pieces.index(piece) + 1 :]:
        if following.apart or following.word not in (
            "in",
            "for",
            "from",
            "with",
            "to",
            "on",
            "at",
            "by",
        ):
            break
        answer = f"{answer} {following.text}"
    return answer


def _asked(said: Statement) -> Iterator[tuple[int, Piece, str, str]]:
    """Every piece after the core with what stands around it in a question."""
    if said.clause.negated or NEGATIVE_SUBJECT.match(said.subject):
        return
    for at, piece in enumerate(cut(said.clause.rest)):
        if at == 0 or not piece.text:
            continue
        context = around(said, at)
        if context is not None and (context[0] or said.clause.verb):
            yield at, piece, *context


def clauses_asked(said: Statement) -> Iterator[Draft]:
    """`Why …?`, `When …?`, `Under what condition …?` for a clause inside the sentence."""
    for _, piece, before, _after in _asked(said):
        text = piece.text
        said_before = said.clause.rest.split(text)[0].strip(" ,")
        if piece.word == "because" and said_before == before:
            yield Draft(said.ask("Why", before), text, "reason", 0.9)
        elif re.match(r"so (?:that )?[a-z]+ ", text) and len(text.split()) > 3:
            if text.startswith("so that"):
                yield Draft(said.ask("Why", before), text, "reason", 0.85)
        elif piece.word in ("when", "if", "unless", "whenever") and is_short(text, 22):
            inner = text.split(" ", 1)[1] if " " in text else ""
            if parse(inner_start(inner)) is None and not re.match(r"(?:it|they|he|she)\b", inner):
                continue
            if piece.word == "unless":
                continue
            start = "Under what condition" if piece.word == "if" else "When"
            yield Draft(said.ask(start, before), text, "condition", 0.86)


def ways(said: Statement) -> Iterator[Draft]:
    """`How can …?`, `Where can …?`, `For whom is …?`"""
    clause = said.clause
    for _, piece, before, after in _asked(said):
        text, last = piece.text, (before.split() or [clause.verb])[-1]
        if last in AUXILIARIES or not is_short(text, 16):
            continue
        if piece.apart and re.search(r"\b(?:or|and) (?:by|in|at|through) ", text):
            continue  # the last of several ways, which all belong to the answer
        able = clause.auxiliary in MODALS or (
            clause.auxiliary in BE and re.search(r"(?:ed|en|t|de|ne)$", before.split()[0])
            if before
            else False
        )
        stated = before.split()[:1] and not re.search(r"(?:ed|en|nt|le|ly)$", before.split()[0])
        if clause.auxiliary in BE and stated and len(before.split()) > 2:
            continue
        if (
            PLACE.match(text)
            and not after.startswith("to ")
            and not NO_PLACE.search(text)
            and len(before) + len(clause.verb) > 3
        ):
            yield Draft(said.ask("Where", before, after), text, "place", 0.8)
        elif WAY.match(text) and able:
            doing = re.match(r"(?:by|using) [a-z]+ing\b", text)
            if text.startswith("by ") and not doing and clause.auxiliary in BE:
                continue
            if text.startswith("by ") and PERSON.match(text[3:]):
                continue  # who does it, not how
            yield Draft(said.ask("How", before, after), text, "means", 0.82 if doing else 0.7)
        elif text.startswith("for ") and PERSON.match(text[4:]) and " " in text[4:] and not after:
            yield Draft(said.ask("For whom", before), text, "person", 0.7)


def amounts(said: Statement) -> Iterator[Draft]:
    """`Up to what amount …?`, `What income …?`, `With what limit …?`, `How much …?`"""
    clause = said.clause
    if clause.negated:
        return
    value = rf"(?:{AMOUNT}|{PERCENT}|\d+ pence)"
    each = r"(?: (?:gross|AER|APR|EAR))?(?: (?:an?|per|each|every) [a-z]+| each)?"
    for at, piece in enumerate(cut(clause.rest)):
        text = piece.text
        match = re.search(
            rf"^(?P<head>.*?)\b(?P<of>of )?(?P<lead>{LEAD})?(?P<value>{value}{each})(?P<end>.*)$",
            text,
        )
        context = around(said, at) if match else None
        if match is None or context is None or re.match(r"(?: or| and) [£$€\d]", match["end"]):
            continue
        before, after = context
        head, answer = match["head"].strip(), (match["lead"] or "") + match["value"]
        end = match["end"].strip(" ,")
        if "%" in answer and end.startswith("of "):
            continue
        if end and (not re.match(r"(?:of|to|for|in|on) ", end) or len(end.split()) > 7):
            continue
        yield from _amount(said, at, head, bool(match["of"]), answer, before, f"{end} {after}")


def _amount(
    said: Statement, at: int, head: str, of: bool, answer: str, before: str, after: str
) -> Iterator[Draft]:
    clause = said.clause
    opener, _, noun = head.partition(" ")
    if of and at == 0 and not clause.verb and clause.auxiliary in MODALS:
        opener, _, noun = head.partition(" ")
        if answer.startswith("up to") and noun:
            yield Draft(said.ask("Up to what amount", head, after), answer, "money", 0.85)
        elif noun and re.match(r"an? ", noun):
            yield Draft(
                said.ask(f"What {noun.split(' ', 1)[1]}", opener, after), answer, "money", 0.85
            )
    elif of and at == 0 and clause.verb and head:
        bare = re.sub(r"^(?:an?|the|its) ", "", head)
        if answer.startswith("up to"):
            yield Draft(said.ask("Up to what amount", head, after), answer, "money", 0.84)
        elif bare and is_short(bare, 5) and "," not in bare:
            yield Draft(said.ask(f"What {bare}", after), answer, "money", 0.88)
    elif of and at > 0 and noun and is_short(noun, 6):
        bare = re.sub(r"^(?:an?|the|its) ", "", noun)
        if answer.startswith("up to"):
            start, pieces = "Up to what amount", (before, head, after)
            yield Draft(said.ask(start, *pieces), answer, "money", 0.84)
        elif before or clause.verb:
            yield Draft(said.ask(f"{opener} what {bare}", before, after), answer, "money", 0.82)
    elif not of and at == 0 and not head and clause.verb:
        if clause.verb in ("pay", "earn") and "%" in answer:
            yield Draft(said.ask("What rate of interest", after), answer, "money", 0.92)
        elif clause.verb in ("cost", "pay", "earn", "receive", "charge", "save", "hold", "return"):
            yield Draft(said.ask("How much", after), answer, "money", 0.92)
    elif not of and at == 0 and clause.auxiliary in MODALS and re.fullmatch(r"(?:be )?\w+", head):
        yield Draft(said.ask("How much", head, after), answer, "money", 0.87)
    elif of or noun or opener not in PRICE_OPENERS or not before:
        return
    elif at > 0 and clause.auxiliary in BE:
        asked = "rate" if "%" in answer else "amount"
        yield Draft(said.ask(f"{opener} what {asked}", before, after), answer, "money", 0.75)


RULES = (timing, clauses_asked, ways, amounts)
