"""Names what a question speaks of: "the card" becomes the card that the heading or the text names.

The name is the heading's product, or the last product that the section spoke of. A question that
still names nothing is asked "With the …" when its kind allows it.
"""

import re
from dataclasses import replace

from local.models.asking import Draft
from local.models.units import Unit
from local.models.words import vocabulary

_WORD = r"(?:[A-Z][\w'-]*|\d+|and|of|the)"
PRODUCT = re.compile(rf"^(?:the )?{_WORD}(?: {_WORD}){{1,5}}$", re.I)
PRODUCT_NOUN = re.compile(
    r"\b(Account|Card|Loan|Mortgage|Saver|Bond|Plan|Service|Transfer|Insurance|Fund|Package|Key"
    r"|Wallet|Code|Promise|Scheme|Register|Overdraft|Reader|Vault)$"
)
MENTION = re.compile(
    r"\b(?:The|the|A|a|An|an) ((?:[A-Z][\w'-]*|\d+)(?: (?:[A-Z][\w'-]*|\d+)){0,4}"
    r" (?:Account|Card|Loan|Mortgage|Saver|Bond|Plan|Service|Wallet|Code|Promise|Scheme))\b"
)
SPOKEN = {"Saver": ("account", "saver"), "Bond": ("bond", "account"), "Wallet": ("wallet",)}
POINTING = re.compile(
    r"(?:However, |Additionally, )?(?:It|They|Its|Their|This|These|it|they|its)\b"
)
CONTEXT_KINDS = vocabulary(
    "money count duration time condition yesno reason means place list object person"
)
FOLLOWS = (
    r"(?! (?:number|payment|holder|reader|detail|statement|bill|machine|fee|owner|line|balance"
    r"|opening|agreement|rate|type|desk|provider|user|issuer|network|purchase|limit|amount)s?\b"
    r"|['’-])"
)


def product_of(text: str) -> str:
    """The text if it is the name of one product, without its article; else nothing."""
    bare = re.sub(r"^(?:The|A|An) ", "", text)
    titled = all(
        word[0].isupper() or word[0].isdigit() or word in ("of", "and", "the")
        for word in bare.split()
    )
    fits = titled and PRODUCT.match(bare) and PRODUCT_NOUN.search(bare)
    return bare if fits else ""


def last_product(text: str, before: str) -> str:
    """The product that a sentence speaks of when it begins with one; else what was said before."""
    match = MENTION.match(text)
    if match:
        return match[1]
    names = set(MENTION.findall(text))
    return "" if len(names) > 1 else before


def name_subject(draft: Draft, product: str, unit: Unit) -> Draft:
    """The question with its product named, where the text around the unit gives a name."""
    question = draft.question
    if not product or re.search(rf"\b{re.escape(product)}\b", question):
        return draft
    noun = PRODUCT_NOUN.search(product)
    if noun is None:
        return draft
    spoken = SPOKEN.get(noun[1], (noun[1].lower(),))
    pattern = rf"\b(?:the|this) (?:{'|'.join(spoken)})\b{FOLLOWS}"
    named = re.sub(pattern, f"the {product}", question, count=1)
    if named == question:
        people = r"(?<!account )(?<!card )\b(holders?|borrowers?)\b(?! (?:of|with|who)\b)"
        named = re.sub(people, rf"\1 of the {product}", question, count=1)
    if named == question:
        named = re.sub(r"\b(applicants?)\b(?! for)", rf"\1 for the {product}", question, count=1)
    if named != question:
        return replace(draft, question=named, score=draft.score + 0.04)
    if product in draft.answer:
        return draft
    if draft.kind in CONTEXT_KINDS and not re.search(r"(?<=\s)[A-Z]", question):
        asked = f"With the {product}, {question[0].lower()}{question[1:]}"
        return replace(draft, question=asked, score=draft.score - 0.08)
    return draft


def lower_common(question: str, plain: str, document: str) -> str:
    """A sentence's first word inside a question loses its capital if the document writes it so."""
    first = re.match(r"[A-Z][a-z-]+(?= [a-z])", plain)
    if first is None:
        return question
    low = first[0].lower()
    if not re.search(rf"(?<=[a-z,] ){low}\b", document):
        return question
    return re.sub(rf"(?<=[a-z,] ){first[0]}\b(?! [A-Z])", low, question, count=1)


def resolve_topic(text: str, topic: str) -> str:
    """A sentence that begins with a pronoun, with the name of what the text spoke of before."""
    opening = r"^((?:However|Additionally|Also|Typically|Usually), )?"
    lower = topic[0].lower() + topic[1:] if topic.startswith(("The ", "A ", "An ")) else topic

    def named(match: re.Match[str]) -> str:
        owner = (
            ("'" if lower.endswith("s") else "'s") if match[2].lower() in ("its", "their") else ""
        )
        return f"{match[1]}{lower}{owner}" if match[1] else f"{topic}{owner}"

    many = bool(re.search(r"[^su]s$", lower))
    pronoun = re.match(opening + r"(It|They|Its|Their|it|they|its|their)(?= )", text)
    if pronoun and many != pronoun[2].lower().startswith("the"):
        return text
    text = re.sub(opening + r"(It|They|Its|Their|it|they|its|their)(?= )", named, text)
    pointed = re.match(r"(?:This|These|The) ((?:[a-z-]+ )?[a-z-]+)(?= [a-z]+s )", text)
    if pointed and topic.lower().endswith(f" {pointed[1]}"):
        text = topic + text[pointed.end() :]
    return text
