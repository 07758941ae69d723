"""Patterns of amounts, numbers, dates and spans of time, shared by all who look for them."""

import re

MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
LEAD = (
    r"(?:up to|at least|at most|about|approximately|around|roughly|nearly|almost|only|over"
    r"|more than|less than|no more than|as much as|as many as"
    r"|a minimum of|a maximum of|a total of) "
)
AMOUNT = r"(?:[$€£]\s?\d+(?:,\d{3})*(?:\.\d+)?(?: (?:million|billion))?|\d+ pence\b)"
MONEY = rf"(?:{LEAD})?{AMOUNT}"
PERCENT = rf"(?:{LEAD})?\d+(?:,\d{{3}})*(?:\.\d+)?\s?(?:%|per ?cent\b)"
NUMERAL = (
    r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty)"
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
DATE = (
    rf"(?:{MONTH} \d{{1,2}}, {YEAR}|\d{{1,2}} {MONTH} {YEAR}"
    rf"|(?:early |late |mid-)?{MONTH}(?: and {MONTH})? {YEAR}"
    rf"|the (?:early |late |spring |summer |autumn |fall |winter |end |beginning )(?:of )?{YEAR}s?"
    rf"|the {YEAR}s|the \d\dth century|\d{{1,2}} {MONTH}\b|{MONTH} \d{{1,2}}\b|{YEAR}\b)"
)
PRICED = re.compile(
    r"\b(?:fee|cost|price|charge|limit|balance|minimum|maximum|deposit|penalty|amount|rate|rental"
    r"|coverage|rebate|bonus|discount|allowance|excess|waiver)s?\b",
    re.I,
)
