"""Patterns of amounts, numbers, dates and spans of time, shared by all who look for them."""

import re


def either(*options: str) -> str:
    """A group that matches any of the options, the longer ones first."""
    return "(?:" + "|".join(sorted(options, key=len, reverse=True)) + ")"


MONTH = either(
    *[
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
)
LEAD = (
    either(
        "up to",
        "at least",
        "at most",
        "about",
        "approximately",
        "a minimum of",
        "a maximum of",
        "a total of",
        "as much as",
        "as many as",
        "no more than",
        "more than",
        "less than",
        "only",
        "over",
        "around",
        "roughly",
        "nearly",
        "almost",
    )
    + " "
)
AMOUNT = r"[$€£]\s?\d+(?:,\d{3})*(?:\.\d+)?(?: (?:million|billion))?"
MONEY = rf"(?:{LEAD})?{AMOUNT}"
PERCENT = rf"(?:{LEAD})?\d+(?:,\d{{3}})*(?:\.\d+)?\s?(?:%|per ?cent\b)"
NUMERAL = either(
    *[
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "fifteen",
        "twenty",
        "thirty",
        "forty",
    ]
)
COUNT = rf"(?:\d+(?:,\d{{3}})*(?:\.\d+)?(?:[–-]\d+)?|{NUMERAL})"
TIME_UNIT = (
    r"(?:(?:business|calendar|working|full|consecutive) )?"
    r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|nights?)"
)
YEAR = r"(?:1[5-9]|20)\d\d"
CLOCK = r"\d{1,2}(?::\d\d)?(?: ?[ap]\.?m\.?)?"
HOURS = (
    r"(?:\d{1,2}:\d\d(?: ?[ap]\.?m\.?)?|\d{1,2} ?[ap]\.?m\.?)"
    rf"(?: (?:to|and|until|[–-]) {CLOCK})?"
)
DATE = either(
    rf"{MONTH} \d{{1,2}}, {YEAR}",
    rf"\d{{1,2}} {MONTH} {YEAR}",
    rf"(?:early |late |mid-)?{MONTH}(?: and {MONTH})? {YEAR}",
    rf"the (?:early |late |spring |summer |autumn |fall |winter |end |beginning )(?:of )?{YEAR}s?",
    rf"the {YEAR}s",
    r"the \d\dth century",
    rf"\d{{1,2}} {MONTH}\b",
    rf"{MONTH} \d{{1,2}}\b",
    rf"{YEAR}\b",
)
PRICED = re.compile(
    r"\b"
    + either(
        "fee",
        "cost",
        "price",
        "charge",
        "limit",
        "balance",
        "minimum",
        "maximum",
        "deposit",
        "penalty",
        "amount",
        "rate",
        "rental",
        "coverage",
        "rebate",
        "bonus",
        "discount",
        "allowance",
        "excess",
        "waiver",
    )
    + r"s?\b",
    re.I,
)
