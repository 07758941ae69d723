"""Questions about who or what a sentence speaks of, and what it says of them as a whole.

`Which account pays …?` when the subject is a product's name, `Who may …?` when it is a group of
people, `How many …?` when it begins with a number, `What happens to …?` and `What must … do?` when
a long subject tells the case.
"""

import re
from collections.abc import Iterator

from local.models.asking import Draft, Statement, is_short, joins_verbs, tidy
from local.models.asking_facts import NEGATIVE_SUBJECT, NOT_AN_OBJECT, ORGANISATION, main_part
from local.models.grammar import (
    AUXILIARIES,
    BE,
    DETERMINERS,
    HAVE,
    MODALS,
    PARTICIPLES,
    PREPOSITIONS,
    RELATIVES,
    base_forms,
)
from local.models.patterns import AMOUNT, COUNT, LEAD
from local.models.pieces import KEPT, VAGUE_WORDS, cut
from local.models.words import content_stems, vocabulary, words

KIND = re.compile(
    r"\b(Account|Card|Loan|Mortgage|Saver|Bond|Plan|Service|Insurance|Fund|Package|Key|Code|Desk"
    r"|Line|Club|Reader|Wallet|Scheme|Promise|Office|Register|Team|Fee|Agreement|Programme|Program)$"
)
OF_KIND = {"Saver": "savings account", "Bond": "savings bond", "Line": "telephone line"}
LIST = re.compile(r", [^,]{1,40}(?:, [^,]{1,40})*,? (?:and|or) ")
PERSON = re.compile(
    r"^(?:(?:an?|the|each|every|any|all|only|two|new|other) )?(?:[\w-]+ ){0,3}?"
    r"(?:customers?|holders?"
    r"|applicants?|borrowers?|buyers?|sellers?|members?|owners?|people|persons?|traders?|staff"
    r"|students?|parents?|child|children|tenants?|landlords?|businesses|business|companies|company"
    r"|workers?|cardholders?|payees?|signatory|signatories|adults?|leavers?|guardians?|executors?"
    r"|managers?|advisers?|trustees?|visitors?|pensioners?|farmers?|surveyors?|couples?|anyone"
    r"|riders?|scientists|researchers|users?|beginners)"
    r"(?=$|,| (?:who|that|with|without|of|in|from|aged|under|over|whose|on|to|for|and|at|or)\b"
    r"| \w+ed\b| younger| older)",
    re.I,
)


def _predicate(said: Statement, most: int = 18) -> str:
    """Auxiliary or finite verb with what follows, short enough for a question; else nothing."""
    clause = said.clause
    rest = re.split(
        r"[;:]| (?:in|on|by|through) which\b"
        r"|, (?:which|who|whose|so|but|after|where|while|as|[a-z]+ing|including|like)\b",
        clause.rest,
    )[0]
    pieces, whole = cut(rest), rest
    while len(pieces) > 1 and (pieces[-1].vague or not is_short(rest, most)):
        rest = rest[: rest.rindex(pieces[-1].text)].strip(" ,;")
        pieces = pieces[:-1]
    if rest != whole and (is_short(rest, 2) or re.search(r"\b(?:and|or|but)$", rest)):
        return ""
    if not is_short(rest, most) or VAGUE_WORDS & set(words(rest)) or len(rest) < 6:
        return ""
    if re.sub(LIST, "", rest).count(",") or re.search(r"\b(?:and|or|but)$|[“”\"]", rest):
        return ""
    finite = clause.finite
    if clause.negated and finite == "can" and rest.startswith("not "):
        finite, rest = "cannot", rest[4:]
    return tidy(f"{finite} {rest}")


def named(said: Statement) -> Iterator[Draft]:
    """`Which account pays …?`"""
    subject = said.clause.subject
    kind = KIND.search(subject)
    name = re.fullmatch(r"(?:The |A |An )?((?:[A-Z0-9][\w'-]* ){1,4}[A-Z][\w'-]*)", subject)
    if kind is None or name is None:
        return
    predicate = _predicate(said)
    facts = len(set(content_stems(predicate)))
    if facts >= 3 and not re.match(r"(?:is|are) (?:an?|the|one|different)\b", predicate):
        noun = OF_KIND.get(kind[1], kind[1].lower())
        answer = subject
        yield Draft(f"Which {noun} {predicate}?", answer, "name", 0.8)


def groups(said: Statement) -> Iterator[Draft]:
    """`Who may …?`, `Who pays …?`"""
    clause = said.clause
    name = re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+", clause.subject)
    if name and clause.auxiliary == "did" and not KIND.search(clause.subject):
        predicate = _predicate(said)
        if len(set(content_stems(predicate))) >= 2 and not ORGANISATION.search(clause.subject):
            yield Draft(f"Who {predicate}?", clause.subject, "person", 0.8)
        return
    if not PERSON.match(clause.subject) or NEGATIVE_SUBJECT.match(said.subject):
        return
    told = set(words(clause.subject)) & RELATIVES or len(clause.subject.split()) > 2
    if not told or clause.auxiliary in ("do", "have", "are", "were"):
        return
    predicate = _predicate(said, 14)
    if len(set(content_stems(predicate))) >= 3:
        yield Draft(f"Who {predicate}?", clause.subject, "person", 0.76)


def numbers(said: Statement) -> Iterator[Draft]:
    """`How many … VERB …?` when the subject begins with a number."""
    clause = said.clause
    match = re.match(
        rf"((?:(?:Only|About|Around|Up to|At least) )?{COUNT}) ([a-z].*)$",
        said.clause.subject,
        re.I,
    )
    if match is None or RELATIVES & set(words(match[2])):
        return
    predicate = _predicate(said, 14)
    if predicate and not re.match(r"(?:per|days?|months?|years?|hours?|of)\b", match[2]):
        if re.fullmatch(r"is|was|has|does", clause.finite):
            return
        yield Draft(f"How many {match[2]} {predicate}?", match[1], "count", 0.85)


def fates(said: Statement) -> Iterator[Draft]:
    """`What happens to …?` and `What must … do?` for a subject that tells the case."""
    clause = said.clause
    subject_words = said.subject.split()
    case = RELATIVES & set(words(said.subject)) or re.search(
        r"\b(?:without|with|above|below|over|under|after|before|sent|made|given|opened|found)\b",
        said.subject,
    )
    if VAGUE_WORDS & set(words(said.subject)) or NEGATIVE_SUBJECT.match(said.subject):
        return
    rest = main_part(clause.rest)
    if case and len(subject_words) >= 3 and 1 <= len(rest.split()) <= 25:
        passive = clause.auxiliary in ("is", "are") and not clause.verb
        done = re.match(r"(?:not |also |then )?[a-z]+(?:ed|en|nt|ut|id|ade|old)\b", clause.rest)
        if passive and done and not re.match(r"(?:free|needed|required|called|named)", clause.rest):
            start = f"What happens to {said.subject}?"
            yield Draft(start, f"{clause.auxiliary} {rest}", "condition", 0.8)
    do = clause.auxiliary in ("must", "should") and not clause.verb and not clause.negated
    acting = case and PERSON.match(clause.subject)
    plain = not re.match(r"(?:be|have)\b", clause.rest)
    if do and acting and plain and len(subject_words) >= 3:
        answer = re.split(r", (?:or|and|but|so) (?:the|it|they)\b", clause.rest)[0]
        answer = answer.removeprefix("instead ")
        yield Draft(f"What {clause.auxiliary} {said.subject} do?", answer, "means", 0.86)
    can = clause.auxiliary in ("may", "can") and not clause.verb and not clause.negated
    plain = plain and not re.match(r"(?:also|not|both)\b", clause.rest)
    if can and acting and plain and len(subject_words) >= 4:
        yield Draft(f"What {clause.auxiliary} {said.subject} do?", clause.rest, "means", 0.72)


NO_OBJECT = (
    NOT_AN_OBJECT
    | DETERMINERS & vocabulary("this these")
    | vocabulary(
        "be have if that when more less one two three at most then also first again back out once"
    )
)
RAISING = vocabulary("appear seem tend aim continue begin")
INTRANSITIVE = vocabulary(
    """
    be go come live stay wait apply work arrive happen expire become remain seem appear look stand
    begin start end last cost take act rise fall grow run stop belong depend consist lie know let
    range occur tend want agree decide mean help exist evolve differ move
    """
)


OWN_PHRASE = vocabulary("in on at when if after before by within without until during")
GIVING = vocabulary("send give add report pay offer record show provide compare use need return")
VERB_LISTS = [[verb] for verb in sorted(base_forms() - {"be"})]


def objects(said: Statement) -> Iterator[Draft]:
    """`What does … compare with …?`, `What may … download?`: the object is asked for."""
    clause = said.clause
    pieces = cut(clause.rest)
    core = pieces[0].text
    if clause.negated or NEGATIVE_SUBJECT.match(said.subject) or clause.auxiliary in BE:
        return
    verb, to = clause.verb, re.match(r"to ([a-z]+) (.+)$", clause.rest)
    if verb in RAISING and to and to[1] in base_forms():
        core = cut(to[2])[0].text
        shown = (
            core
            and not VAGUE_WORDS & set(words(core))
            and core.split()[0]
            not in NO_OBJECT
            | PREPOSITIONS
            | {
                "how",
                "what",
                "whether",
            }
        )
        if shown and not PERSON.match(core) and not re.search(r"\d", core) and " " in core:
            yield Draft(said.ask("What", "to", to[1]), core, "object", 0.72)
        return
    if not verb:
        verb, _, core = core.partition(" ")
        done = clause.auxiliary in HAVE and (verb.endswith("ed") or verb in PARTICIPLES)
        if not done and (verb not in base_forms() or clause.auxiliary not in MODALS):
            return
        if verb in ("been", "become", "gone", "come"):
            return
        head = core.split()[0].lower() if core else ""
        if verb == "have" and (head in PARTICIPLES or head.endswith("ed")):
            return
    if not core:
        return
    parts = core.split()
    first = parts[0].lower() if parts else ""
    if (
        verb in INTRANSITIVE
        or first in NO_OBJECT | PREPOSITIONS | AUXILIARIES
        or first.endswith("ly")
    ):
        return
    if not 1 <= len(parts) <= 14 or joins_verbs(core) or re.search(r"[£$€%]|\d", core):
        return
    if (
        PERSON.match(core)
        or VAGUE_WORDS & set(words(core))
        or re.search(r"[;:]|,$|, or |\bthat$", core)
    ):
        return
    if parts[-1].lower() in ("and", "or", "but", "not", "only") or parts[-1].endswith("ing"):
        return
    if re.search(r"\b(?:only|back|up|down|out|off|away|together|itself)$|\bonly\b", core):
        return
    after = ""
    for following in pieces[1:]:
        if following.apart or following.vague:
            break
        own = following.word in OWN_PHRASE or following.text.split()[1:2] in VERB_LISTS
        if after or own:
            if following.word in KEPT and is_short(f"{after} {following.text}", 12):
                after = f"{after} {following.text}".strip()
                continue
            break
        if following.word not in ("to", "from", "with", "for"):
            break
        if verb in GIVING:
            after = following.text
        else:
            core = f"{core} {following.text}"
    core = re.split(r", or ", core)[0]
    if len(core.split()) > 14 or (verb in GIVING and " " not in core):
        return
    fresh = set(content_stems(core))
    if len(core.split()) == 1 and (not core.islower() or core.endswith("ly") or len(core) < 4):
        return
    if len(fresh) + len(set(content_stems(f"{said.subject} {verb} {after}"))) < 5 or not fresh:
        return
    ask = said.ask("What", "" if clause.verb else verb, after)
    yield Draft(ask, core, "object", 0.64 + (0.08 if after else 0))


NEEDS = re.compile(
    r"((?:not |usually |often |mainly |\w+ly )?(?:worked out|calculated"
    r"|liable|responsible|eligible|suitable|available|meant|intended|reserved|valued|due"
    r"|limited|open|subject|linked|tied|added|made|printed|stored|kept|written|built|measured|based"
    r"|named|called|divided|replaced|backed|secured|protected|covered|insured)"
    r" (?:for|to|by|against|with|from|of|in|on|into|after)) (.+)$"
)


AGENT = re.compile(
    r"((?:\w+ly )?(?:[a-z]+(?:ed|en) (?:by|from|with)|used (?:in|on|for|as)))"
    r" ((?!\w+ing\b|more |less |up |at |hand\b|\d|the (?:next|end|same|last|first)\b).+)$"
)


def complements(said: Statement) -> Iterator[Draft]:
    """`What is … liable for?`, `Who is the Trader Account for?`"""
    clause = said.clause
    been = re.match(r"(?:also |since )?been ", clause.rest) if clause.auxiliary in HAVE else None
    rest = clause.rest[been.end() :] if been else clause.rest
    if (
        (clause.auxiliary not in BE and not been)
        or clause.negated
        or NEGATIVE_SUBJECT.match(said.subject)
    ):
        return
    whom = re.match(r"for (.+)$", rest)
    if whom and PERSON.match(whom[1]) and is_short(whom[1], 16):
        yield Draft(said.ask("Who", "for"), main_part(whom[1]), "person", 0.88)
    match = NEEDS.match(rest) or AGENT.match(rest)
    if match and PERSON.match(match[2]):
        return
    if match and is_short(match[2], 14) and not re.match(r"(?:it|this|\w+ing\b)", match[2]):
        answer = cut(match[2])[0].text or match[2]
        if not re.search(r"\d|[A-Z]|^the same", answer[:8]) and len(answer.split()) > 1:
            yield Draft(said.ask("What", "been" if been else "", match[1]), answer, "object", 0.78)


CASE = re.compile(
    r"(?:(?:An?|The|All|Any|Every) )?(?P<noun>(?:[A-Za-z][a-z-]+ ){0,2}?(?:[A-Z])?[a-z-]+) "
    r"(?:that|which|with|without|below|above|under|over|older|younger|sent|made|given|bought|paid"
    r"|whose|from|for|in|of) .+$"
)


def cases(said: Statement) -> Iterator[Draft]:
    """`Which accounts cannot …?` when the subject is a kind of thing with a limit."""
    clause = said.clause
    match = CASE.match(clause.subject)
    told = RELATIVES & set(words(clause.subject)) or re.search(
        r" (?:without|below|above|older|younger|sent|made|bought) ", clause.subject
    )
    if match is None or not told or PERSON.match(clause.subject) or KIND.search(clause.subject):
        return
    noun = match["noun"].lower()
    predicate = _predicate(said, 14)
    if len(set(content_stems(predicate))) >= 3 and noun not in ("payment", "amount", "way", "day"):
        yield Draft(f"Which {noun} {predicate}?", clause.subject, "name", 0.7)


def free(said: Statement) -> Iterator[Draft]:
    """`How much does … cost?` where it is free; `How much must be …?` for an amount as subject."""
    clause = said.clause
    match = re.match(
        r"(?:always |also )?(free(?: of charge)?)(?= (?:for|in|at|on|up|when|if|within)\b|$|,)(.*)",
        clause.rest,
    )
    if match and clause.auxiliary in ("is", "are") and not clause.negated:
        does = "does" if clause.auxiliary == "is" else "do"
        pieces = cut(match[0])
        tail = "" if len(pieces) < 2 or pieces[1].vague or pieces[1].apart else pieces[1].text
        if is_short(tail, 9):
            question = tidy(f"How much {does} {said.subject} cost {tail}") + "?"
            yield Draft(question, match[1], "money", 0.74)
    amount = re.fullmatch(
        rf"(?:{LEAD})?{AMOUNT}(?: (?:an?|per|each) [a-z]+)?", clause.subject, re.I
    )
    predicate = _predicate(said, 14) if amount else ""
    if amount and predicate and clause.auxiliary in MODALS:
        yield Draft(f"How much {predicate}?", clause.subject, "money", 0.8)


RULES = (cases, free, named, groups, numbers, fates, objects, complements)
