"""Questions whose answer is a phrase: a reason, a way, a place, a definition, a person, a yes."""

import re
from collections.abc import Iterator

from local.models.asking import Draft, Statement, head_of, inner_start, is_short, joins_verbs, tidy
from local.models.grammar import AUXILIARIES, BE, MODALS, PREPOSITIONS, base_forms, parse, verbs
from local.models.patterns import MONTH, NUMERAL
from local.models.spans import yes_or_no
from local.models.words import vocabulary

NEGATIVE_SUBJECT = re.compile(r"^(?:no|nobody|none|nothing|neither|few|never)\b", re.I)
PEOPLE = re.compile(
    r"^(?:[A-Z]?[a-z-]+ )?(?:customers|members|holders|tenants|students|seniors|owners|residents"
    r"|borrowers|employees|applicants|children|parents|visitors|buyers|riders|beginners|users"
    r"|cardholders|landlords|companies|businesses|scientists|researchers|farmers|people)\b",
    re.I,
)
ORGANISATION = re.compile(
    r"\b(?:Bank|Plan|Account|Card|Service|Centre|Center|Island|Group|Transfer|Agreement|Program"
    r"|Fund|Insurance|Office|Commission|Act|Guide|Banking|Mortgage|Loan|Code|Saver|Bond|Team)\b"
)
DEFINING = re.compile(
    r"\b(?:same|only|result|case|reason|responsibility|following|first|main|best)\b"
)
LOCATED = vocabulary(
    "found located born held based available discovered made built sold founded used offered kept "
    "live roost occur nest begin operate stand meet open"
)
STATED = re.compile(
    r"(?:no longer |not |currently |also )?(?:available|free|required|eligible|offered|protected"
    r"|insured|included|allowed|permitted|covered|subject|waived|refundable|transferable|able"
    r"|accepted|solitary|recorded|closed)\b"
)
OBJECT_VERBS = vocabulary(
    "use offer provide receive earn charge require pay need develop introduce invent publish "
    "design discover eat drink produce secrete send issue show ask check value"
)
EFFECT_VERBS = vocabulary(
    "achieve carry cause consume control create enhance generate handle increase inhabit "
    "involve limit lose maintain minimize prevent produce protect reduce replace represent "
    "share support transmit trigger examine resemble indicate suggest"
)
NOT_AN_OBJECT = vocabulary("it them this that these him her only more less also up not no")
LIST_SCORES = {"include": 0.8, "cover": 0.75, "require": 0.8, "need": 0.8, "mean": 0.75,
               "contain": 0.6, "offer": 0.55, "provide": 0.55, "combine": 0.6}  # fmt: skip


def reasons(said: Statement) -> Iterator[Draft]:
    """`Why …?`"""
    clause = said.clause
    cause = (
        r",?\s*\b(because|due to|in order to|so that|since (?=(?:it|they|the|we|you)\b))\s*(.+)$"
    )
    match = re.search(cause, clause.rest)
    if match is None:
        return
    pre = clause.rest[: match.start()].strip()
    if (
        not (pre or clause.verb)
        or not is_short(pre, 14)
        or re.search(r"[,;]|\b(?:and|partly|mainly)$", pre)
    ):
        return
    if NEGATIVE_SUBJECT.match(said.subject):
        return
    yield Draft(said.ask("Why", pre), match[0].split(": ")[0].strip(" ,"), "reason", 0.9)


def means(said: Statement) -> Iterator[Draft]:
    """`How can you …?`"""
    clause = said.clause
    way = (
        r"\b((?:by|through|using|via) (?:[a-z]+ing\b|the |your |our |a |online|telephone|[A-Z]).*)$"
    )
    match = re.search(way, clause.rest)
    if match is None or clause.negated or not is_short(match[1], 18):
        return
    pre = head_of(clause.rest[: match.start()])
    if not pre or pre.split()[-1] in PREPOSITIONS | AUXILIARIES | {"caused", "made", "used", "and"}:
        return
    by_doing = bool(re.match(r"(?:by|through|using) [a-z]+ing\b", match[1]))
    if match[1].startswith("by ") and not by_doing:
        return
    passive = clause.auxiliary in ("is", "are") and pre.split()[-1].endswith("ed")
    if clause.auxiliary in MODALS or passive:
        yield Draft(said.ask("How", pre), match[1], "means", 0.85)
    elif clause.verb and by_doing:
        yield Draft(said.ask("How", pre), match[1], "means", 0.8)


def occasions(said: Statement) -> Iterator[Draft]:
    """`When does … apply?`, `Under what condition is …?`"""
    clause = said.clause
    match = re.search(r"\b(when|if|as soon as|only if|provided that) (.+)$", clause.rest)
    if (
        match is None
        or parse(inner_start(match[2])) is None
        or NEGATIVE_SUBJECT.match(said.subject)
    ):
        return
    pre = head_of(clause.rest[: match.start()])
    if (
        pre is None
        or not (pre or clause.verb)
        or not is_short(match[2], 20)
        or pre.endswith("only")
    ):
        return
    start = "When" if match[1] in ("when", "as soon as") else "Under what condition"
    yield Draft(said.ask(start, pre), match[0], "condition", 0.85)


def places(said: Statement) -> Iterator[Draft]:
    """`Where is …?`"""
    clause = said.clause
    name = r"[A-Z][\w'-]+(?:(?:, | and | )(?:the )?(?:[A-Z][\w'-]+))*"
    branch = (
        r"(?:any |a |your |every )?(?:local |nearest )?(?:branch|branches|counter|office)\b[^,.]*"
    )
    wild = r"(?:caves|mines|trees|hollow trees|forests)\b[^,.]*"
    match = re.search(
        r"\b(?:in|at|on) (?:the |most |southern |northern |western |eastern |central )*"
        rf"(?:{name}|{branch}|{wild})",
        clause.rest,
    )
    if clause.negated or match is None or re.search(rf"\b{MONTH}\b|\d|day\b", match[0]):
        return
    pre, after = head_of(clause.rest[: match.start()]), clause.rest[match.end() :].strip(" .")
    if pre is None or after or not (pre or clause.verb):
        return
    last = pre.split()[-1] if pre else clause.verb
    if last in LOCATED or (clause.auxiliary in MODALS and is_short(pre, 6)):
        yield Draft(said.ask("Where", pre), match[0], "place", 0.8)


def definitions(said: Statement) -> Iterator[Draft]:
    """`What is …?`"""
    clause = said.clause
    if (
        clause.auxiliary not in ("is", "are")
        or clause.negated
        or NEGATIVE_SUBJECT.match(said.subject)
    ):
        return
    opening = " ".join(clause.rest.split()[:3])
    article = re.match(r"(?:an?|the|one of|any|small|large|special) [a-z]", clause.rest)
    if (
        article
        and is_short(said.subject, 6)
        and not is_short(clause.rest, 4)
        and not DEFINING.search(opening)
    ):
        vague = re.match(r"(?:the|an?) [a-z]+$", said.subject)
        yield Draft(said.ask("What"), main_part(clause.rest), "definition", 0.6 if vague else 0.85)
    superlative = re.match(r"the (?:\w+est|most \w+|\w+ name|head|main) ", said.subject)
    name = clause.rest.split(", ")[0]
    if superlative and re.match(r"[A-Z]\w+(?: [A-Z]\w+)*$", name):
        yield Draft(said.ask("What"), name, "definition", 0.8)
    naming = re.match(r"(?:also )?(called|known as|referred to as) (.+)$", clause.rest)
    if naming and is_short(naming[2], 8):
        yield Draft(said.ask("What", naming[1]), main_part(naming[2]), "definition", 0.7)


def main_part(text: str) -> str:
    """A predicate as an answer: up to the first break once it is long enough."""
    for match in re.finditer(r"[;–]|, (?:which|who|although|but|and it|while)\b|\. ", text):
        if not is_short(text[: match.start()], 4):
            return text[: match.start()].strip()
    for match in re.finditer(r",? (?:and|but) (\w+) ", text):
        if match[1] in verbs() or match[1] in AUXILIARIES or match[1] in ("take", "get", "give"):
            return text[: match.start()].strip()
    return text.strip()


def lists(said: Statement) -> Iterator[Draft]:
    """`What does … include?`"""
    clause = said.clause
    score = LIST_SCORES.get(clause.verb)
    if (
        score is None
        or clause.negated
        or is_short(clause.rest, 1)
        or NEGATIVE_SUBJECT.match(said.subject)
    ):
        return
    if not re.match(
        r"(?:that|to|for|with|no|only|neither|not|until|[$€£\d])\b|[$€£\d]", clause.rest
    ):
        yield Draft(said.ask("What"), main_part(clause.rest), "list", score)


def objects(said: Statement) -> Iterator[Draft]:
    """`What does … use to …?`"""
    clause = said.clause
    if clause.verb not in OBJECT_VERBS:
        return
    phrase = r"(?:an? |the |their |its |your )?(?:[\w'’-]+ ){0,5}?[\w'’-]+"
    after = r"(?:to|when|if|during|after|before|for|in|on|at|from|by|with) .+"
    match = re.match(rf"({phrase}) ({after})$", clause.rest)
    if match is None or joins_verbs(match[1]) or not is_short(match[2], 10) or "," in match[2]:
        return
    first = match[1].split()[0].lower()
    if (
        first in PREPOSITIONS
        or first.endswith(("ly", "ing", "ed"))
        or first in ("not", "no", "only", "up", "it")
    ):
        return
    if re.search(r"[$€£\d]", match[1]) or (
        match[2].startswith("to ") and match[2].split()[1] not in base_forms()
    ):
        return
    yield Draft(said.ask("What", match[2]), match[1], "object", 0.7)


def effects(said: Statement) -> Iterator[Draft]:
    """`What does … cause?` for verbs whose whole object is the answer."""
    clause = said.clause
    if clause.verb not in EFFECT_VERBS or clause.negated or " " not in said.subject:
        return
    first = clause.rest.split()[0].lower()
    if first in PREPOSITIONS | NOT_AN_OBJECT or is_short(clause.rest, 1):
        return
    yield Draft(said.ask("What"), main_part(clause.rest), "object", 0.62)


def persons(said: Statement) -> Iterator[Draft]:
    """`Who invented …?` when the subject is a person, `Who may …?` when it is a group."""
    clause = said.clause
    name = re.match(
        r"[A-Z][a-z]+ (?:[A-Z]\.? )?[A-Z][a-z]+(?: and [A-Z][a-z]+ [A-Z][a-z]+)?$", clause.subject
    )
    rest = clause.rest.split(", ")[0]
    person = name and clause.verb and clause.auxiliary == "did"
    if person and not ORGANISATION.search(clause.subject) and 2 <= len(rest.split()) <= 14:
        yield Draft(tidy(f"Who {clause.finite} {rest}") + "?", clause.subject, "person", 0.8)
    group = PEOPLE.match(clause.subject) and not is_short(clause.subject, 1)
    may = clause.auxiliary in MODALS and not clause.negated
    if group and may and 3 <= len(clause.rest.split()) <= 14:
        rest = re.split(r", (?:because|which|who|so|but|of|where)\b", clause.rest)[0]
        question = tidy(f"Who {clause.auxiliary} {rest}") + "?"
        yield Draft(question, clause.subject, "person", 0.75)


def agents(said: Statement) -> Iterator[Draft]:
    """`By whom was …?`"""
    clause = said.clause
    names = r"(?:[A-Z][\w.'-]+ ?)+(?:and (?:[A-Z][\w.'-]+ ?)+)?"
    match = re.search(rf"^((?:\w+ ){{0,2}}\w+(?:ed|en|t)) by ({names})", clause.rest)
    if match and clause.auxiliary in BE and not clause.negated and is_short(match[2], 6):
        yield Draft(said.ask("By whom", match[1]), match[2].strip(), "person", 0.75)


def yes_no(said: Statement) -> Iterator[Draft]:
    """`Can you …?`, `Is … available …?` for short statements."""
    clause = said.clause
    modal = clause.auxiliary in ("can", "may", "must") and not clause.verb
    stated = clause.auxiliary in ("is", "are") and STATED.match(clause.rest)
    rest = re.sub(r"^(?:not|also|no longer|never|only|currently) ", "", clause.rest)
    if not (modal or stated) or not 2 <= len(rest.split()) <= 12 or not is_short(said.subject, 7):
        return
    if re.search(r"[,$€£]|\bno\b", rest) or AUXILIARIES & set(rest.split()[1:]) - {"be", "have"}:
        return
    if NEGATIVE_SUBJECT.match(said.subject) or re.search(r"\b(?:only|who|that)\b", said.text):
        return
    denied = clause.negated or re.match(r"(?:no longer|never)\b", clause.rest)
    answer = yes_or_no("No" if denied else "Yes", said.text)
    yield Draft(said.ask("", rest), answer, "yesno", 0.55 if modal else 0.65)


WITH_PREPOSITION = re.compile(
    r"((?:feed|prey|depend|rely|focus) on|consist of|belong to|suffer from|(?:evolve|develop) from"
    r"|respond to|engage in|specialize in|prey on|compete with|deal with|come in|agree to"
    r"|lead to|result in|differ from|apply to) (.+)$"
)
PASSIVE = re.compile(
    r"((?:also |often |\w+ly )?(?:known for|used (?:for|as)|made of"
    r"|based on|caused by|named after|divided into|characteri[sz]ed by|associated with"
    r"|derived from|composed of|related to|limited to|linked to|intended for|designed for"
    r"|secured on|replaced by|calculated on|paid into|measured by|covered by|subject to)) (.+)$"
)
ENABLING = re.compile(
    r"(?:you|customers|members|users|(?:the |a |an )?[a-z]+(?: [a-z]+)?) to ([a-z]+) .+$"
)


def phrases(said: Statement) -> Iterator[Draft]:
    """`What does … feed on?`, `What is … used for?`, `What does … allow you to do?`"""
    clause = said.clause
    if clause.negated or NEGATIVE_SUBJECT.match(said.subject):
        return
    text = f"{clause.verb} {clause.rest}" if clause.verb else clause.rest
    match = (WITH_PREPOSITION if clause.verb else PASSIVE).match(text)
    if match and not re.match(r"(?:it|this|that|these|them)\b", match[2]):
        asked = match[1].removeprefix(f"{clause.verb} ") if clause.verb else match[1]
        yield Draft(said.ask("What", asked), main_part(match[2]), "object", 0.8)
    able = ENABLING.match(clause.rest) if clause.verb in ("allow", "enable", "help") else None
    if able and able[1] in base_forms():
        whom = clause.rest.split(" to ")[0]
        answer = main_part(clause.rest.split(" to ", 1)[1])
        yield Draft(said.ask("What", f"{whom} to do"), answer, "object", 0.8)
    kind = re.match(r"(?:an? )?((?:[a-z-]+,? ){1,3})([a-z]+)(?:[,;]|$)", clause.rest)
    other = rf"(?:been|the|no|to|also|its|their|more|one|{NUMERAL})\b"
    if clause.verb == "have" and kind and " " in said.subject and not re.match(other, kind[0]):
        article = "a " if clause.rest.startswith(("a ", "an ")) else ""
        answer = article + kind[1] + kind[2]
        yield Draft(said.ask(f"What kind of {kind[2]}"), answer, "definition", 0.65)


RULES = (
    reasons, means, occasions, places, definitions, lists, objects, effects, persons, agents,
    phrases, yes_no,
)  # fmt: skip
