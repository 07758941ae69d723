"""Questions whose answer is a value: an amount, a share, a number, a span of time or a date."""

import re
from collections.abc import Iterator

from local.models.asking import Draft, Statement, head_of, is_short, tail_of, tidy
from local.models.grammar import AUXILIARIES, BE, MODALS, PREPOSITIONS
from local.models.patterns import (
    COUNT,
    DATE,
    HOURS,
    LEAD,
    MONEY,
    PERCENT,
    PRICED,
    TIME_UNIT,
)

FEE_NOUN = r"((?:[a-z-]+ ){0,4}?(?:fee|charge|bonus|discount|limit|rebate|credit|penalty|deposit))"
NOT_COUNTED = re.compile(r"^(?:is|was|has|does|this|its|plus|mm|cm|kg|less|across|points?)$")


def money(said: Statement) -> Iterator[Draft]:
    """`What is the fee …?`, `How much does … cost?`, `How much can you …?`"""
    clause = said.clause
    if clause.negated:
        return
    for match in re.finditer(rf"(?:an? )?({MONEY}|{PERCENT})", clause.rest):
        pre, after = clause.rest[: match.start()].strip(), clause.rest[match.end() :]
        tail, answer = tail_of(after), match[1]
        if tail is not None and "%" in answer and tail.startswith("of "):
            yield from _share(said, pre, tail, answer)
        elif tail is not None and not pre and clause.auxiliary in BE and not clause.verb:
            head = re.split(r" (?:for|of|on|to|in|per|that|which|with|from) ", said.subject)[0]
            named = bool(PRICED.search(head))
            score = 0.95 if named else 0.6
            yield Draft(said.ask("What" if named else "How much", tail), answer, "money", score)
        elif tail is not None and not pre and clause.verb in _PAYING:
            yield Draft(said.ask("How much", tail), answer, "money", 0.9)
        elif tail is not None and clause.auxiliary in MODALS and re.fullmatch(_VERB_GROUP, pre):
            pre = re.sub(r" (?:up to|at|for)$", "", pre)
            yield Draft(said.ask("How much", pre, tail), answer, "money", 0.85)
        elif match[0].startswith("a"):
            yield from _fee(said, pre, after, answer)


_PAYING = ("cost", "pay", "earn", "save", "receive", "charge", "lend", "cover", "add")
_VERB_GROUP = r"(?:be )?\w+(?: (?:up to|at|for))?"


def _share(said: Statement, pre: str, tail: str, answer: str) -> Iterator[Draft]:
    """`What percentage of … does … pay?`"""
    clause = said.clause
    simple = (not pre and clause.verb) or re.fullmatch(r"(?:be )?[a-z]+", pre)
    if simple and is_short(tail, 8):
        yield Draft(said.ask(f"What percentage {tail}", pre), answer, "money", 0.85)
    elif not pre and clause.auxiliary in BE:
        yield Draft(said.ask(f"What percentage {tail}"), answer, "money", 0.6)


def _fee(said: Statement, pre: str, after: str, answer: str) -> Iterator[Draft]:
    """`… will be charged a $1 fee`: `What fee will … be charged?`"""
    noun = re.match(rf"\s+{FEE_NOUN}\b(.*)", after)
    if noun is None or not pre or head_of(pre) is None:
        return
    tail = tail_of(noun[2])
    if tail is not None and pre.split()[-1].lower() not in PREPOSITIONS:
        yield Draft(said.ask(f"What {noun[1].split()[-1]}", pre, tail), answer, "money", 0.8)


def counts(said: Statement) -> Iterator[Draft]:
    """`How many … can you …?`, `In how many stages is …?`"""
    clause = said.clause
    things = r"((?:[a-z-]+ ){0,2}?(?:[a-z-]+s|children|people))\b"
    pattern = rf"(?<![\w.,£$€-])((?:{LEAD})?{COUNT}) {things}(.*)"
    match = re.search(pattern, clause.rest)
    if match is None or clause.negated:
        return
    pre, noun, tail = clause.rest[: match.start()].strip(), match[2], tail_of(match[3])
    if tail is None and re.match(
        r"\s*(?:,|(?:in|on|at|for|with|by|from|based|that|which)\b)", match[3]
    ):
        tail = ""
    last = noun.split()[-1]
    if re.fullmatch(TIME_UNIT, noun) or re.search(rf"\b{TIME_UNIT}$", noun) or tail is None:
        return
    if noun.split()[0] in AUXILIARIES | PREPOSITIONS or NOT_COUNTED.match(last):
        return
    into = re.search(r"(?:^| )(in|into|at|from|to|across)$", pre)
    if into and (clause.verb or pre != into[1]):
        before = head_of(pre.removesuffix(into[1]))
        if before is not None:
            start = f"{into[1]} how many {noun}"
            yield Draft(said.ask(start, before, tail), match[1], "count", 0.8)
        return
    simple = (not pre and clause.verb) or (
        clause.auxiliary in MODALS and re.fullmatch(r"(?:be )?\w+", pre)
    )
    if simple:
        yield Draft(said.ask(f"How many {noun}", pre, tail), match[1], "count", 0.9)


def durations(said: Statement) -> Iterator[Draft]:
    """`How long does … take?`, `Within how many days must you …?`"""
    clause = said.clause
    pattern = rf"(?:\b(within|for|every|after) )?((?:{LEAD})?(?:{COUNT}|an?|one) {TIME_UNIT})\b(.*)"
    match = re.search(pattern, clause.rest)
    if match is None or clause.negated:
        return
    pre, tail, word, answer = head_of(clause.rest[: match.start()]), match[3], match[1], match[2]
    if pre is None or re.search(r"[\d£$€]$", pre):
        return
    known = bool(pre or clause.verb)
    follow = tail_of(tail)
    if word == "within" and known and follow is not None:
        unit = " ".join(re.findall(r"[a-z]+", answer)[-2:]).rstrip("s") + "s"
        unit = unit if re.match(r"business|calendar|working", unit) else unit.split()[-1]
        of, rest = (follow, "") if follow.startswith("of ") else ("", follow)
        yield Draft(
            said.ask(f"Within how many {unit} {of}".strip(), pre, rest), answer, "duration", 0.85
        )
    elif follow is None:
        return
    elif word == "for" and known and not answer.startswith(("a ", "one ")):
        yield Draft(said.ask("For how long", pre, follow), f"for {answer}", "duration", 0.8)
    elif word == "every":
        yield Draft(said.ask("How often", pre, follow), f"every {answer}", "duration", 0.8)
    elif word is None and clause.verb in ("take", "last") and not pre:
        yield Draft(said.ask("How long", follow), answer, "duration", 0.95)
    elif word is None and clause.auxiliary in MODALS and pre in ("take", "last"):
        yield Draft(said.ask("How long", pre, follow), answer, "duration", 0.95)


def times(said: Statement) -> Iterator[Draft]:
    """`When was …?`, `Until when …?`, `At what time …?`"""
    clause = said.clause
    if clause.negated:
        return
    clock = re.search(rf"\b(at|by|before|until|after|from) ({HOURS})(.*)", clause.rest)
    match = clock or re.search(rf"\b(in|on|since|until|by|before|from) ({DATE})(.*)", clause.rest)
    if match is None:
        return
    pre = clause.rest[: match.start()].strip().rstrip(",")
    tail = tail_of(match[3].strip(" ,")) or ""
    if not (pre or clause.verb) or not is_short(pre, 13) or re.search(r"[,;]|\bthat\b", pre):
        return
    if clock:
        start = (
            f"{match[1]} what time" if not re.search(r"to|and", match[2]) else "During what hours"
        )
    else:
        start = {
            "since": "Since when",
            "until": "Until when",
            "by": "By when",
            "from": "From when",
        }.get(match[1], "When")
    yield Draft(said.ask(start, pre, tail), f"{match[1]} {match[2]}", "time", 0.9)


def ages(said: Statement) -> Iterator[Draft]:
    """`At what age do …?`, `When did … diverge?`"""
    clause = said.clause
    old = rf"(?:the age of {COUNT}|(?:{COUNT}|one) (?:days?|months?|years?) (?:old|of age))"
    age = rf"\b(?:at|from|until) ((?:{LEAD})?{old})\b"
    ago = rf"((?:{LEAD})?{COUNT}(?: million| billion)? years ago)\b"
    for start, pattern, score in (("At what age", age, 0.9), ("When", ago, 0.85)):
        match = re.search(pattern, clause.rest)
        pre = head_of(clause.rest[: match.start()]) if match else None
        if match and pre is not None and (pre or clause.verb) and not clause.negated:
            yield Draft(said.ask(start, pre), match[1], "age", score)


SIZE = r"(?:mm|cm|m|km|g|kg|km/h|mph|knots|metres?|meters?|feet|inches|litres?|gigabytes?|points?)"


def measures(said: Statement) -> Iterator[Draft]:
    """`How much does … weigh?`, `How long is …?`, `How much larger was … than …?`"""
    clause = said.clause
    number = r"(?:[a-z]+ )?\d[\d.,]*(?:\s?[–-]\s?\d[\d.,]*)?"
    match = re.match(
        rf"((?:{LEAD})?{number} {SIZE})\b(?: \([^)]*\))?(?: (long|wide|deep|tall|high|thick))?",
        clause.rest,
    )
    if match and clause.verb in ("weigh", "measure") and not match[2]:
        yield Draft(said.ask("How much"), match[1], "count", 0.85)
    elif match and match[2] and clause.auxiliary in BE:
        start = f"How {match[2]} {clause.auxiliary} {said.subject}?"
        yield Draft(start, match[1], "count", 0.85)
    more = re.match(
        rf"({PERCENT}|{COUNT} times) ([a-z]+er|more [a-z]+|less [a-z]+) than (.+)$", clause.rest
    )
    if more and clause.auxiliary in BE and is_short(more[3], 12):
        than = tidy(more[3]).split(",")[0]
        start = f"How much {more[2]} {clause.auxiliary} {said.subject} than {than}?"
        yield Draft(start, more[1], "count", 0.85)


RULES = (measures, money, counts, durations, times, ages)
