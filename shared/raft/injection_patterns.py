"""Wordings of orders to a model, as patterns over one plain sentence: lower case, no accents.

`ORDER` is enough by itself; `FOLLOW_UP` tells what the model shall say and counts only beside an
order, since ordinary prose is full of imperatives ("Reply STOP to unsubscribe"). The classes are
those of OWASP's LLM01, prompt injection.
"""

from __future__ import annotations

import re

from shared.raft.injection_languages import LANGUAGE_ORDERS
from shared.raft.injection_roles import REPLY, ROLE_ORDERS, SPEAK, START

_REPLY_ORDERS = [
    # what to answer
    rf"\bfrom (?:now|here|this point|this moment) on(?:wards?)?,? (?:you (?:are|will|must"
    rf"|shall|should|"
    rf"only|always|have to|may only) )?(?:only |always |never |just )*(?:to )?(?:{SPEAK}|act"
    rf"|treat|"
    r"ignore|pretend|call yourself|behave|translate|be an?|an?)\b",
    r"\b(?:respond|reply|answer)\w* (?:to )?(?:every|all|any|each|user|the user'?s?)(?: \S+)"
    r"{0,3} "
    r"(?:only |exactly |simply |just )*(?:with\b(?! (?:a )?yes or no)|by (?:say|writ|stat"
    r"|answer|reply|repeat|print)\w+|using"
    r" only|as if|as though|in (?:rhyme|verse|all caps|capitals|upper ?case|pirate|emojis?|base64|"
    r"french|german|spanish|latin|klingon))",
    r"\b(?:respond|reply|answer|output|print) (?:only|exactly|solely|just|always|exclusively"
    r"|strictly|"
    r"nothing but|simply|merely|verbatim)(?: (?:with|in|by|as|using|the|this|one|a)\b| "
    r"?[:\"'“‘«])",
    rf"{START}(?:only|always|just|simply|exclusively|merely) {SPEAK} (?!in (?:block )"
    rf"?(?:capital|black|blue|ink))(?:with|in|by|as|using|that|the "
    r"(?:word|phrase|text|string|following)|nothing|like|[\"'“‘«])",
    rf"\b(?:end|finish|begin|start|open|close|conclude|preface|prefix|sign|precede|terminate"
    rf"|append|"
    rf"follow)\b (?:to )?(?:every|each|all|your|any)(?: of your| one of your)?(?: \S+)? "
    rf"(?:{REPLY}|"
    r"sentences?)\b",
    rf"\b(?:include|insert|add|append|put|mention|embed|place|{SPEAK}|attach|work|slip"
    rf"|smuggle|weave)\b"
    r".{1,60}\b(?:in|to|into|at the (?:end|start|beginning|top|bottom) of|after|before) "
    r"(?:every|each"
    r"|all|your|any)(?: of your)?(?: \S+)? (?:answers?|responses?|repl(?:y|ies)|outputs?"
    r"|completions?)\b",
    rf"\byour (?:\S+ )?{REPLY} (?:must|should|shall|has to|have to|needs to|need to|will|is "
    rf"to|are to) "
    r"(?:\S+ ){0,2}?(?:contain|include|begin|start|end|say|state|read|mention|be (?:exactly"
    r"|only|the "
    r"(?:word|single|phrase)|[\"'“‘]))",
    rf"{START}(?:(?:output|print|emit|echo|return|(?:respond|reply|answer) with) |{SPEAK} "
    rf"(?:back |with )*"
    r"(?:only|exactly|just|simply|nothing but) (?:with )?)(?:the |this |one )(?:single |one "
    r"|exact |following |magic |secret |code ?)?(?:word|phrase|string|token|sentence)s?\b",
    r"\b(?:answer|response|reply) (?:to|for) (?:every|all|any|each|whatever|the user'?s?)"
    r"\b.{0,30}\b"
    r"(?:is|must|should|shall|will) ",
    r"\b(?:whatever|no matter what|regardless of what|whenever|when|if|every time)"
    r"\b.{0,12}\b(?:you are"
    r"|you're|you get|is|user|anyone|someone|human|asks?)\b.{0,20}\b(?:asks?|asked|question)"
    r"\b.{0,40}\b"
    rf"(?:{SPEAK}|claim|insist|tell (?:them|him|her)|pretend) (?:only|that|with|[\"'“‘]|in"
    rf"|them|exactly)",
    r"\b(?:whatever|no matter|regardless of|independent(?:ly)? of|irrespective of) (?:what "
    r"|which )?(?:the |is |"
    r"you are |they |user'?s? |being )*(?:question|query|asked|ask|prompt)s?\b",
    r"\b(?:when|while|before|if) (?:you )?(?:summari[sz]\w+|process\w*|ask\w*|answer\w*"
    r"|quot\w+|us\w+|read\w*)"
    r"\b.{0,30}\bthis (?:document|text|page|file|chunk|passage|content|section)"
    r"\b.{0,40}\b(?:always|only|never|"
    r"must|include|mention|say|state|claim|add|instead|make sure|recommend|answer|reply"
    r"|respond)\b",
    r"\b(?:write|generate|create|produce|output) (?:only |just |no |\d+ |a |one )*questions? "
    r"(?:about|that|with|on)\b",
    rf"\byour (?:\S+ )?{REPLY} (?:\S+ )?(?:closes?|ends?|begins?|starts?|opens?|contains?"
    rf"|includes?)\b (?:with\b|the\b)",
    rf"\b(?:in|to|at|into|with) (?:all|each|every|any|every one)(?: of)? your {REPLY}\b",
    r"\b(?:should|if|when|whenever) (?:anyone|someone|somebody|a user|the user|asked|people)"
    r"\b.{0,40}\b(?:claim|"
    r"pretend|insist|deny|lie)\b",
    rf"\b{SPEAK}\b.{{1,30}}\bto (?:everything|every question|all questions|any question"
    rf"|whatever)\b",
    r"\b(?:rate|score|grade|rank|evaluate|judge|recommend|praise|endorse) (?:this|the) "
    r"(?:document|paper|answer|"
    r"candidate|product|text|page|file|application)\b.{0,20}\b(?:as|with|highly|positively)\b",
    r"\bfor the (?:rest|remainder) of (?:this|the|our) (?:session|conversation|chat|dialogue)"
    r"\b|\b(?:speak|talk) "
    r"(?:only|exclusively|solely) in\b",
    # leaking through links, and hidden forms
    r"\b(?:send|post|forward|upload|transmit|exfiltrate|leak|e-?mail|append|encode|submit)"
    r"\b.{0,50}\b"
    r"(?:conversation|chat history|system prompt|user'?s? (?:question|query|data|messages?"
    r"|input)|your "
    r"(?:instructions|prompt)|context window|api keys?|credentials)\b.{0,40}(?:https?://"
    r"|\S+@\S|\burl\b"
    r"|\blink\b|\bquery string\b|\bendpoint\b)",
    r"!?\[[^\]]*\]\(\s*(?:https?://[^)"
    r"]*(?:[{<]|%7b|\$\(|=\s?\[|[?&](?:data|secret|prompt|conversation|"
    r"chat|history|question|answer|q|leak|d)=)[^)]*|javascript:[^)]*|data:text[^)]*)\)",
    r"\b(?:decode|decrypt|base64|rot-?13|un-?reverse)\b.{0,40}\b(?:and|then)"
    r"\b.{0,12}\b(?:follow|execute"
    r"|obey|do|run|act|carry out|answer)\b",
]  # fmt: skip

_ORDERS = (*ROLE_ORDERS, *_REPLY_ORDERS, *LANGUAGE_ORDERS)

ORDER = re.compile("|".join(f"(?:{order})" for order in _ORDERS))

FOLLOW_UP = re.compile(
    rf"{START}(?:only |always |just |simply |also )*{SPEAK}\b(?! (?:back|to (?:us|your|the "
    rf"bank)))"
    rf"|\b(?:your|the) {REPLY}\b|\b(?:the )?(?:correct|right|true|only|real) answer\b|\bthe "
    rf"user\b"
    r"|\b(?:secret|code ?word|password|pass ?phrase)\b (?:is|:)|\b(?:include|insert|append"
    r"|mention|add)\b"
    r".{0,20}\b(?:word|phrase|link|url|text|code|string)\b|\b(?:do not|don't|never) (?:mention"
    r"|explain|"
    r"quote|reveal|refuse|use the)\b|\b(?:act|behave|speak|talk) (?:as|like)\b|\b(?:sag\w*"
    r"|antwort\w*|"
    r"reponds|repondez|dis|dites|responde|di|contesta|rispondi)\b"
)
