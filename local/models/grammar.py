"""Enough English grammar to turn a statement into a question: subject, verb, rest.

No tagger: closed word classes, a list of common verbs and their regular forms. Where the parts
are in doubt the answer is None, because no question is better than a bad one.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from local.models.tokens import is_common_word
from local.models.words import vocabulary

BE = vocabulary("is are was were")
MODALS = vocabulary("can could may might will would must should shall")
HAVE = vocabulary("has have had")
DO = vocabulary("do does did")
AUXILIARIES = BE | MODALS | HAVE | DO
RELATIVES = vocabulary("that which who whose where whom")
PRONOUNS = vocabulary(
    """
    it this these those they he she we there that such here its their his her i one some others
    other another many most each both either which who what all none several few our us them him
    """
)
DETERMINERS = vocabulary("the a an your any all each every no some this these our its their")
PREPOSITIONS = vocabulary(
    """
    of in on at by for with from to into onto through during after before between among under
    over about against within without per via as than like until since because if when while
    although despite upon toward towards and or but nor so yet unlike including along around
    near across
    """
)
ADVERBS = vocabulary(
    """
    also then first still now usually normally always often generally mainly never only sometimes
    typically currently automatically itself themselves instead each both all
    """
)
COMPLEMENTS = vocabulary("set cash left place part care effect note interest change")
QUANTITIES = vocabulary("all each most many some both other another several few no")
PLURALS = vocabulary("you customers people staff children police men women mice fish teeth")
APPOSITION = re.compile(
    r"^([A-Z][^,;]{3,60}), (?!and |or )[^,;]{3,90}, "
    r"(?=(?:is|are|was|were|has|have|can|may|will|must|began|made|[a-z]+s|[a-z]+ed) )"
)
REGULAR = """
accept access account answer add affect agree allow announce appear apply appoint approve arrive
ask assist attach attract authorize award base bear become begin belong benefit bite book
borrow break breed bring build buy call cancel capture carry cash catch cause change charge
check choose claim close collect combine communicate complete confirm connect consist
contact contain continue contribute control convert cook copy cost count cover create credit
cross deal decide decline deliver demand depend deposit describe design detect determine
develop direct discover discuss display donate double draw drink drive earn eat employ
enable encounter encourage end enhance enjoy enrol enter establish evaluate evolve exceed
exchange exist expand expire explain explore express extend face fall feature feed feel
fight file fill finance find fire fish fix float fly follow force form found function fund
gain gather generate get give glide go govern grant groom grow guarantee handle hang happen
help hold honour house hunt identify implement import improve include increase indicate
inform inhabit inject inspire install instruct insure intend introduce invent invest
investigate involve issue join jump keep kill know lack land lap last launch lay lead learn
leave lend let lick lie lift limit link live locate lose lower maintain make manage
manufacture mark market match mature measure meet mention migrate minimize mix monitor move
multiply name need nest notify obtain occur offer open operate order organize originate owe
own paddle participate pass pay perform permit pioneer place plan plane play point possess
post prefer prepare present preserve prevent process produce prohibit promise promote
propose protect prove provide publish pump purchase put qualify raise range rank reach read
receive recognize recommend record recover reduce refer refund refuse register regulate
regurgitate reimburse reject relate release rely remain remember remove renew rent repay
replace report represent reproduce request require reserve resolve respond restrict result
retain return review reward ride rise roost run save search secrete see select sell send
sense separate serve set settle share shed show shut sign simplify sing sit sleep speak
specialize specify spend split sponsor stand start state stay steer stop store stretch study
submit succeed suffer suggest supply support surf swim switch take target teach tell tend
test think touch track trade train transfer travel treat try turn use utilize vary view
visit wait waive walk want warn watch wear weigh win withdraw work wound write
admit adjust advise aim alter archive balance ban block bounce broadcast calculate
carve charter clean clear coin come commit compare compensate compete concern conduct
confuse convene convince correct count damage date deduct deduce define delete deny depart depict
derive destroy dictate die digest disappear dispose distinguish distribute divide drain drop
ease eliminate emit engage enforce entail entitle erase escape estimate examine exclude exempt
expect experience facilitate favor finish focus freeze fulfil fund glow greet guide halve hear
heat host ignore imply impose inherit insist inspect invite justify kill label level license
lock log long mail mate match mean melt mention merge message migrate mind mine move need note
notice number obey observe offset opt oppose outline outweigh override oversee perceive phone
pick pilot point possess post praise predict press presume prey print proceed proclaim promise
quote react rebuild recall refine reflect reject relate remind resemble resign rest resume
retrieve reveal revert reverse review ring roll round rule satisfy say scan schedule score seek
select seem send shelter shift sign signal skip solve sort sound spread stabilize stay store
suit sum surround suspect suspend tax test thrive tie title total trace translate trap travel
treat tune unblock undergo understand undo unfreeze unlock update upload validate verify void
vote wake waste whisper wipe withhold yield pose hover inject groom roost plan sponsor
"""
IRREGULAR = {
    "became": "become", "began": "begin", "bit": "bite", "bought": "buy", "brought": "bring",
    "built": "build", "came": "come", "caught": "catch", "chose": "choose", "drew": "draw",
    "drove": "drive", "fell": "fall", "felt": "feel", "found": "find", "gave": "give", "got": "get",
    "grew": "grow", "held": "hold", "kept": "keep", "knew": "know", "led": "lead", "left": "leave",
    "lost": "lose", "made": "make", "met": "meet", "paid": "pay", "ran": "run", "rose": "rise",
    "said": "say", "saw": "see", "sent": "send", "sold": "sell", "spent": "spend",
    "stood": "stand", "took": "take", "taught": "teach", "told": "tell", "thought": "think",
    "went": "go", "withdrew": "withdraw", "won": "win", "wore": "wear", "wrote": "write",
    "flew": "fly", "ate": "eat", "drank": "drink", "fed": "feed", "rode": "ride", "shed": "shed",
}  # fmt: skip
PARTICIPLES = vocabulary(
    """
    been become begun bitten born bought brought built caught chosen drawn driven done eaten
    fallen felt found given gone got gotten grown held kept known laid lain led left lost made
    met paid run seen sent set shown sold spent stood taken taught thought told withdrawn won
    worn written shut put drawn hidden
    """
)


@cache
def verbs() -> dict[str, tuple[str, str]]:
    """Every finite form known: form → (base, auxiliary that asks for it)."""
    forms: dict[str, tuple[str, str]] = {}
    for base in REGULAR.split():
        third = base + ("es" if base.endswith(("s", "sh", "ch", "x", "z", "o")) else "s")
        past = base + ("d" if base.endswith("e") else "ed")
        if re.search(r"[^aeiou]y$", base):
            third, past = base[:-1] + "ies", base[:-1] + "ied"
        forms[third] = (base, "does")
        forms[past] = (base, "did")
        if re.search(r"[^aeiou][aeiou][bdgmnpt]$", base):
            forms[base + base[-1] + "ed"] = (base, "did")
    for past, base in IRREGULAR.items():
        forms[past] = (base, "did")
    return forms


@cache
def base_forms() -> frozenset[str]:
    """Every base form known."""
    return frozenset(base for base, _ in verbs().values()) | {"be", "have", "do"}


@dataclass(frozen=True)
class Clause:
    """`subject auxiliary verb rest`, where one of auxiliary and verb may be implied.

    For "The fee is $5": auxiliary `is`, no verb, rest `$5`. For "The bank pays interest":
    auxiliary `does`, verb `pay`, rest `interest`; `finite` keeps the verb as it stood (`pays`).
    """

    subject: str
    auxiliary: str
    verb: str
    rest: str
    finite: str
    negated: bool

    @property
    def plural(self) -> bool:
        """Whether the auxiliary tells that the subject is plural."""
        return self.auxiliary in ("are", "were", "do", "have")


def _subject_ok(tokens: list[str]) -> bool:
    """Whether words can be a whole subject."""
    tokens = _without_adverbs(tokens)
    if not tokens or len(tokens) > 16:
        return False
    first, last = tokens[0].lower(), tokens[-1].lower().strip("(),")
    inner = [token.lower().strip(",") for token in tokens]
    if first in PRONOUNS and not (first in QUANTITIES and len(tokens) > 1):
        return False
    if (
        first in PREPOSITIONS | {"once", "then", "so"}
        or last in PREPOSITIONS
        or (last in DETERMINERS and (tokens[-1] != "A" or len(tokens) == 1))
        or last in RELATIVES
    ):
        return False
    if inner[-1] in AUXILIARIES | {"been", "be", "not"} or last.endswith("ly"):
        return False
    joined = " ".join(tokens)
    if {"if", "because", "unless", "although"} & set(inner) or joined.count("(") != joined.count(
        ")"
    ):
        return False
    relative = bool(RELATIVES & set(inner))
    if tokens[-1].endswith(",") or ";" in " ".join(tokens):
        return False
    if any("," in token for token in tokens) and not re.search(
        r", .*\b(?:and|or) ", " ".join(tokens)
    ):
        return False
    return relative or len(tokens) <= 10


def _without_adverbs(tokens: list[str]) -> list[str]:
    """A subject without the adverbs that stand between it and its verb."""
    end = len(tokens)
    while end > 1 and (tokens[end - 1].lower() in ADVERBS or tokens[end - 1].endswith("ly")):
        end -= 1
    return tokens[:end]


def _open_relative(tokens: list[str]) -> bool:
    """Whether a subject ends inside a relative clause that has no verb yet."""
    lower = [token.lower().strip(",") for token in tokens]
    last = max((at for at, word in enumerate(lower) if word in RELATIVES), default=-1)
    if last < 0:
        return False
    inside = lower[last + 1 :]
    known = AUXILIARIES | {"cannot"} | base_forms() | verbs().keys()
    follows = inside[1] if len(inside) > 1 else ""
    if inside and inside[0].endswith(("s", "ed")) and follows in DETERMINERS | PREPOSITIONS:
        return False
    return not any(word in known for word in inside)


def _is_plural(tokens: list[str]) -> bool:
    """Whether a subject looks plural, so that a base form may be its verb."""
    bare = [token.lower().strip(",") for token in _without_adverbs(tokens)]
    if bare[-1] in ("each", "both", "all"):
        bare = bare[:-1] or bare
    at = next(
        (at for at, word in enumerate(bare) if at and word in PREPOSITIONS - {"and", "or"}), 0
    )
    last = bare[at - 1] if at and not RELATIVES & set(bare) else bare[-1]
    many = last.endswith("s") and not last.endswith(("ss", "us"))
    return many or last in PLURALS or ("and" in bare and not RELATIVES & set(bare))


@lru_cache(maxsize=8192)
def parse(sentence: str) -> Clause | None:
    """The main clause of a sentence that begins with its subject, or None."""
    text = sentence.strip().rstrip(".;")
    text = APPOSITION.sub(r"\1 ", text)
    tokens = text.split()
    for at in range(1, min(len(tokens), 20)):
        word = tokens[at].lower()
        if tokens[at - 1].lower().strip(",") in RELATIVES or _open_relative(tokens[:at]):
            continue
        subject = tokens[:at]
        if word == "cannot" and _subject_ok(subject):
            return _with_auxiliary(" ".join(subject), "can", ["not", *tokens[at + 1 :]])
        if word in AUXILIARIES:
            if not _subject_ok(subject):
                continue
            return _with_auxiliary(" ".join(subject), word, tokens[at + 1 :])
        if word in verbs() and _subject_ok(subject):
            clause = _with_verb(subject, word, tokens[at + 1 :])
            if clause is not None:
                return clause
        plural = _is_plural(subject)
        if word in base_forms() and plural and _subject_ok(subject) and at + 1 < len(tokens):
            if _is_noun_here(tokens, at):
                continue
            return Clause(" ".join(subject), "do", word, " ".join(tokens[at + 1 :]), word, False)
    return None


def _is_noun_here(tokens: list[str], at: int) -> bool:
    """Whether another verb follows at once: "savings account is", "credit card holders must"."""
    for token in tokens[at + 1 : at + 5]:
        word = token.lower()
        if word in AUXILIARIES:
            return True
        if word in RELATIVES | PREPOSITIONS or token.endswith((",", ";")):
            return False
    return False


def _auxiliary_ahead(rest: list[str]) -> bool:
    """Whether an auxiliary follows before the next comma or relative clause."""
    for token in rest:
        if token.lower() in AUXILIARIES | {"cannot"}:
            return True
        if token.lower() in RELATIVES or token.endswith((",", ";")):
            return False
    return False


def _with_auxiliary(subject: str, word: str, rest: list[str]) -> Clause | None:
    negated = bool(rest) and rest[0].lower() in ("not", "never", "no")
    if rest and rest[0].lower() == "no" and len(rest) > 1 and rest[1].lower() != "longer":
        negated = True
    if not rest:
        return None
    if word in HAVE and not _participle_ahead(rest):
        if negated:
            return None
        return Clause(
            subject,
            {"has": "does", "have": "do", "had": "did"}[word],
            "have",
            " ".join(rest),
            word,
            False,
        )
    return Clause(subject, word, "", " ".join(rest), word, negated)


def _participle_ahead(rest: list[str]) -> bool:
    words = [word.lower() for word in rest[:3] if not word.lower().endswith("ly")]
    words = [word for word in words if word not in ("not", "never", "also", "been", "since")] or [
        "been"
    ]
    return words[0].endswith(("ed", "en")) or words[0] in PARTICIPLES or rest[0].lower() == "been"


def _with_verb(subject: list[str], word: str, rest: list[str]) -> Clause | None:
    """A clause around a full verb, unless the form may be a noun or a participle here."""
    base, auxiliary = verbs()[word]
    previous = subject[-1].lower()
    if (previous in DETERMINERS and (subject[-1] != "A" or len(subject) == 1)) or not rest:
        return None
    if auxiliary == "does":
        # "monthly fees and charges are …": a verb form right before another verb is a noun.
        following = rest[0].lower().strip(",")
        if following in AUXILIARIES or following in ("and", "or", "of") or rest[0][0] in "-–(":
            return None
        if _is_noun_here([word, *rest], 0):
            return None
        following = rest[0].lower().strip(",")
        participle = verbs().get(following, ("", ""))[1] == "did" or following in PARTICIPLES
        if (following in base_forms() or participle) and following not in COMPLEMENTS:
            return None
        if len(subject) == 1 and previous.endswith("ing") and rest[0].lower() in PREPOSITIONS:
            return None
        if previous in ADVERBS:
            previous = _without_adverbs(subject)[-1].lower()
        if (
            previous.endswith("s")
            and not previous.endswith(("ss", "us", "is"))
            and previous not in ("pass", "plus")
        ):
            return None
    else:
        # A past form followed by a preposition may be a participle: "cards issued by us are …".
        later = {token.lower() for token in rest}
        again = any(verbs().get(token, ("", ""))[1] == "did" for token in later)
        if RELATIVES & {token.lower() for token in subject} and _auxiliary_ahead(rest):
            return None
        if re.search(r"\b(?:costs?|pays?|earns?) (?:[£$€]|no )", " ".join(rest)):
            return None
        if word in ("called", "named") or (again and rest[0].lower() in PREPOSITIONS):
            return None
        if rest[0].lower() in ("by", "to") or (
            later & (BE | MODALS | HAVE) and not later & (RELATIVES | {"and"})
        ):
            return None
    return Clause(" ".join(subject), auxiliary, base, " ".join(rest), word, False)


def is_verb_start(text: str) -> bool:
    """Whether a text begins with a command: a base form of a verb."""
    first = text.split(" ", 1)[0].lower().strip(",") if text else ""
    return first in base_forms() or first in ("please", "contact", "call", "visit", "log")


def lower_start(text: str) -> str:
    """A text as it continues a sentence: a common word loses its capital, a name keeps it."""
    head, *others = text.split()
    following = next((word for word in others if word not in ("of", "de", "and", "or")), "a")
    if others[:1] == ["of"] and head.endswith("s"):
        following = "of"
    closed = DETERMINERS | PRONOUNS | PREPOSITIONS | {"you", "your", "up", "please"}
    word = head.lower().strip(",")
    known = is_common_word(word) or is_common_word(
        re.sub(r"^(?:un|non|over|under|re|pre)", "", word)
    )
    common = word in closed or (following[0].islower() and known)
    many = word.endswith("s") and not word.endswith(("us", "is", "ss"))
    common = common or (many and following in RELATIVES | ADVERBS | {"of", "with", "for", "from"})
    plain = len(head) == 1 or head[1:].islower() or "-" in head
    return text[0].lower() + text[1:] if common and plain and head != "I" else text
