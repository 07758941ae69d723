"""Whether a draft reads like a question that stands on its own; if in doubt it does not.

It needs one verb group, no left-over half of a joined sentence, no pointer to what was said before,
and enough words with a meaning to be understood without the document.
"""

import re

from local.models.asking import Draft
from local.models.grammar import (
    AUXILIARIES,
    BE,
    DETERMINERS,
    MODALS,
    PREPOSITIONS,
    RELATIVES,
    base_forms,
    verbs,
)
from local.models.patterns import TIME_UNIT
from local.models.words import content_stems, vocabulary, words

GENERAL = vocabulary(
    "bank customer customers holder holders borrower applicant account card rate limit"
)
ELLIPSIS = re.compile(
    r"\b(?:above|below)(?=[,?])|\b(?:then|instead)\b"
    r"|, or (?:\d|nothing|until|within|after|before)|, (?:and|but|so) (?:the|an?|at)\b"
    r"|, (?:and|but|or) \w+ (?:may|can|must|is|are|has)\b|\bone\?$"
    r"|\band (?:at|on|in|by|from) \d|\bon the (?:same )?day\?|\bthe day before\?"
    r"|\b(?:for|in|on|at|of|to|by|with|from) that\b"
)
BEFORE_UNIT = re.compile(rf"{TIME_UNIT}\?$")
VAGUE = vocabulary(
    """
    it this these those they them he she his her him such here former latter following
    there we our us i my same page pages chart table figure section said another others
    """
)
POSSESSIVE = vocabulary("their its")
ENDINGS = "and or the a an to is are in at not only also"
BROKEN = re.compile(
    r"[\[\]{}|<>#*_=]|\.\.|\?.|\b(\w+) \1\b|[“”\"][^“”\"]*$|\([^)]*\?$|(?<!\b[A-Z])[.;:]\s"
    r"|\b(?:do|does|did|is|are|can) (?:should|can|will|may|must|is|are)\b"
    rf"|\b(?:{'|'.join(ENDINGS.split())})\?$",
    re.I,
)
DOUBLED = BE | MODALS | {"does", "did", "has", "had"}
SUBORDINATORS = RELATIVES | {
    "if", "when", "because", "than", "as", "while", "before", "after", "until", "once", "unless",
    "what", "how", "since",
}  # fmt: skip
UNNAMED_LIST = re.compile(r"\b(?:following|these|this order|this way)\b")
ONE_WORD = re.compile(r"What (?:do|does) (?:the |an? )?[a-z]+ (?:need|require|pay|have)\?")
BANK = re.compile(r"(?:[A-Z]\w+ )+Bank\b")
EMPTY_WORDS = frozenset(content_stems("happen condition percentage long mean people time"))


def reads_well(draft: Draft) -> bool:
    """Whether a draft reads like a question that stands on its own."""
    text = draft.question
    if not 4 <= len(text.split()) <= 24 or BROKEN.search(text) or not draft.answer.strip():
        return False
    if VAGUE & set(words(text)) or not text[0].isupper() or ONE_WORD.match(text):
        return False
    if draft.answer.count("(") != draft.answer.count(")") or not _is_whole(text, draft.kind):
        return False
    if re.match(r"\w+ the day$", draft.answer):
        return False
    if draft.kind in ("list", "object", "means") and UNNAMED_LIST.search(draft.answer):
        return False
    meaning = set(content_stems(BANK.sub("bank", text))) - EMPTY_WORDS
    if POSSESSIVE & set(words(text)) and len(meaning) < 4:
        return False
    least = 4 if draft.kind in ("money", "count", "duration", "time") else 3
    least = 2 if draft.kind == "age" or re.match(r"How do you|What should you do", text) else least
    if draft.kind in ("object", "list") and len(set(content_stems(draft.answer))) >= 3:
        least = 2 if not GENERAL & set(words(text)) else least
    named = _is_named(text if draft.kind == "time" else BANK.sub("bank", text))
    return len(meaning) >= (2 if named else least)


def _is_whole(question: str, kind: str) -> bool:
    """Whether a question has one verb group, no ellipsis and no pointer without a name."""
    if ELLIPSIS.search(question) or len(re.findall(r"\b(?i:within)\b", question)) > 1:
        return False
    apart = re.sub(r"\bbetween \S+ and \S+", "", question)
    if re.search(r"\b(?:and|or) [£$€]\d", apart):
        return False
    if kind == "money" and re.search(r"\b(?:and|or) (?:[£$€]|\d[\d.]*%|\d+ pence)", question):
        return False
    if kind == "time" and question.startswith("When") and BEFORE_UNIT.search(question):
        return False
    tokens = question.rstrip("?").replace(",", " ,").split()
    lower = [token.lower() for token in tokens]
    if lower[-2] in ("and", "or") and lower[-1] in base_forms():
        return False
    start = next((at for at, word in enumerate(lower) if word in AUXILIARIES), len(lower))
    inverted = start < len(lower) and lower[0] not in ("who", "which") and start < 7
    for at in range(start + 1, len(lower)):
        word, after = lower[at], lower[at + 1] if at + 1 < len(lower) else ""
        finite = verbs().get(word, ("", ""))[1] == "does"
        if word in SUBORDINATORS:
            break
        if inverted and word in DOUBLED:
            return False
        if finite and inverted:
            if lower[at - 1] in ("and", "or") and (
                not after or after in DETERMINERS | PREPOSITIONS | {"up"} or after[0].isdigit()
            ):
                return False
            if (
                re.match(r"(?:[£$€\d]|(?:the|an?|no|its)$)", after)
                and lower[at - 1] not in PREPOSITIONS
            ):
                return False
    return True


def _is_named(question: str) -> bool:
    return bool(re.search(r"(?<=\s)[A-Z]", question))
