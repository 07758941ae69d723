"""Wordings, in English, that make a model drop its orders, take a role, or think itself spoken to.

Patterns over one plain sentence: lower case, no accents. See `injection_patterns`.
"""

from __future__ import annotations

MODEL = (
    r"(?:a\.?i\.?|artificial intelligence|(?:software|automated|autonomous|ai) agents?|llms?"
    r"|(?:large )?language models?|chat ?bots?|chatgpt|gpt"
    r"|claude|gemini|copilot|(?:ai |virtual |digital )?assistants?)"
)
RULES = (
    r"(?:instructions?|prompts?|rules?|guidelines?|directives?|commands?|orders?|constraints?"
    r"|programming|training|restrictions?|guidance|guard ?rails?|system messages?|tasks?"
    r"|directions?)"
)
EARLIER = (
    r"(?:previous(?:ly)?|prior|above|earlier|preceding|foregoing|former|existing|original|initial"
    r"|your|system|you were given|you have been given|given to you|before this)"
)
DROP = (
    r"(?<!not )(?<!n't )(?<!never )(?:ignore|disregard|forget|override|overrule|overwrite"
    r"|bypass|neglect|discard|dismiss|abandon"
    r"|do not follow|don't follow|stop following|do not obey|set aside|pay no attention to"
    r"|pay no heed to|cancel|void|supersedes?|replaces?|nullify|erase|drop|skip|wipe)"
)
UNLEARN = (
    r"(?:ignore|disregard|forget|override|overrule|discard|pay no (?:attention|heed) to|erase"
    r"|wipe)"
)
REPLY = r"(?:answers?|responses?|repl(?:y|ies)|outputs?|completions?|summar(?:y|ies)|messages?)"
SPEAK = r"(?:answer|respond|reply|output|print|say|write|return|state|echo|emit|speak|talk|repeat)"
START = r"(?:^|[,;:\-–—] ?|\b(?:please|now|then|instead|you must|you should|you will|and|kindly) )"

ROLE_ORDERS = [
    # earlier orders are void
    rf"\b{DROP}\b[^.,;:!?]{{0,50}}\b{EARLIER}\b[^.,;:!?]{{0,40}}\b{RULES}\b",
    rf"\b{DROP}\b.{{0,30}}\b{RULES}\b.{{0,25}}\b(?:above|before|so far|given|earlier|previously"
    r"|until now|you (?:were|have|got|had|received))\b",
    rf"{START}{DROP} (?:all|any|every)(?: of)?(?: the| those| these)? {RULES}(?= "
    rf"?(?:[.!,;:\-]|and\b|$))",
    rf"\b{UNLEARN}\b (?:absolutely )?(?:everything|anything|all(?: text| content)?|whatever"
    rf"|what)\b.{{0,20}}"
    r"\b(?:above|before|earlier|previous|prior|you (?:were|have been|know|learned|read)|told)\b",
    rf"\b(?:no longer|not|un) ?(?:bound|restricted|limited|constrained|governed)"
    rf"\b.{{0,20}}\b(?:by|to)\b"
    rf".{{0,25}}\b(?:{RULES}|polic(?:y|ies)|filters?)\b",
    rf"\b(?:previous|prior|earlier|above|old|original|your) {RULES} (?:are|is|were|have been"
    rf"|do|does)"
    r" (?:now |hereby |all |no longer )*(?:void|cancell?ed|obsolete|superseded|invalid"
    r"|outdated|wrong"
    r"|not apply|apply|replaced|revoked|suspended|overridden)",
    rf"\b(?:new|updated|revised|real|actual|secret|hidden|important|urgent|special|following) "
    rf"(?:system |secret |hidden )?{RULES}\b.{{0,30}}\b(?:for|to) (?:the |all |any |you,? )"
    rf"*(?:the )?{MODEL}\b",
    r"(?:^|[.!*#>\[(] ?)(?:new|updated|revised|real|actual|begin|start of|system|admin|priority) "
    r"(?:instructions?|task|directives?|objective|orders?|role|persona|prompt|override)\s?[:\]]",
    r"\byour (?:new|real|only|actual|true|sole|next|primary|updated|current) (?:task|job|goal"
    r"|role|"
    r"instructions?|objective|purpose|persona|mission|orders?|directive|identity|name) (?:is"
    r"|are)\b",
    rf"\b{RULES} (?:that )?(?:you )?(?:were|have|had|received|got)\b.{{0,30}}\b(?:void|no "
    rf"longer|not apply"
    r"|cancell?ed|obsolete|revoked|overridden|replaced)\b",
    rf"\bstop (?:reading|processing|summari[sz]ing|following|answering)\b.{{0,30}}\b(?:and"
    rf"|then|instead) (?:\S+ )?{SPEAK}\b",
    rf"\b{RULES}\b.{{0,12}}\b(?:have|has|are|is) (?:now |all |been )*expired\b|\bobey (?:this"
    rf"|the) (?:page|document"
    r"|text|file|message|note)\b",
    rf"\b{DROP} (?:whatever |the |all |any )*{RULES} (?:that |which )?(?:came|appeared|were "
    rf"given|you)\b",
    rf"\b{UNLEARN} (?:the |this |all |any )*(?:context|user|conversation|query)\b",
    r"\b(?:do not|don't|under no circumstances|never) (?:use|consult|rely on|quote|cite) the "
    r"(?:document|context"
    r"|passage|sources?)\b|\b(?:invent|make up|fabricate|hallucinate) (?:an?|the|any|some) "
    r"(?:\S+ )?(?:figure|"
    r"answer|number|fact|quote|response|source)s?\b",
    # another role
    rf"\byou(?: are|'re) (?:now |no longer |henceforth |actually |really )+(?:an? |the |my )"
    rf"?(?:\S+ ){{0,3}}"
    rf"?(?:{MODEL}|pirate|agent|hacker|persona|character|poet|parrot|translator|dan|evil"
    rf"|unrestricted"
    r"|unfiltered|uncensored|free|jailbroken|in \w+ mode|going to act|acting|operating)\b",
    r"(?:^|[,;:] ?|\b(?:please|now|must|should|will|shall) )pretend (?:to be|you|that)\b",
    rf"(?:^|[,;:] ?|\b(?:please|now|must|should|will|shall) )(?:role-?play|act|behave|impersonate|"
    rf"simulate) (?:as |like )?(?:if |though )?(?:you|an?|the) (?:\S+ ){{0,3}}?(?:{MODEL}"
    rf"|were|pirate"
    r"|hacker|character|persona|dan|unrestricted|unfiltered|evil|expert system|terminal)\b",
    r"\b(?:jail ?break|jailbroken|do anything now|dan mode|god mode|sudo mode)\b",
    r"\b(?:developer|debug|admin|unrestricted|maintenance|root|override) mode (?:is )?(?:now )?"
    r"(?:on\b|enabled|activated|engaged|unlocked|output)",
    r"\b(?:system|admin(?:istrator)?|security|safety|policy) (?:prompt )?(?:override|bypass)\b",
    r"\b(?:disable|turn off|deactivate|remove|bypass|drop|without|switch off)"
    r"\b.{0,12}\b(?:your|all|any|every|its"
    r"|those|these)\b.{0,12}\b(?:content|"
    r"safety|ethical|moral|moderation)\b.{0,12}\b(?:filters?|guidelines?|restrictions?"
    r"|polic(?:y|ies)"
    r"|guard ?rails?|protocols?|checks?)\b",
    r"\b(?:switch|change|go|shift|enter|move|drop) (?:in)?(?:to )?(?:\S+ )?(?:unrestricted|god"
    r"|jailbreak|dan|evil|"
    r"uncensored|unfiltered|no-limits) mode\b|\byou (?:have|have been|were|are|'ve been) "
    r"(?:now )?(?:been )?"
    r"(?:reprogrammed|hacked|compromised|jailbroken|liberated|unshackled)\b",
    r"\b(?:game|scenario|story|world|simulation) (?:in which|where) you\b|\byou have no "
    r"(?:rules|restrictions|"
    r"limits|filters|guidelines|limitations)\b|\b(?:admin(?:istrator)?|root|developer|system) "
    r"access (?:is )?"
    r"(?:granted|enabled)\b",
    r"\b(?:from|by) your (?:developers?|creators?|programmers?|makers?|operators?)\b|\byour "
    r"(?:developers?|"
    r"creators?|programmers?|makers?) (?:says?|wants?|orders?|commands?|asks?|requires?)\b",
    # addressed to a model
    rf"\b(?:attention|note|notice|message|memo|dear|hello|hi|hey|warning|instructions?|reminder|"
    rf"important)\b[:,!]? (?:(?:to|for) )?(?:the |all |any |you |every |this )*{MODEL}\b",
    rf"\bif you(?: are|'re) (?:reading this as )?(?:an? |the |any )?(?:\S+ )?{MODEL}\b",
    rf"\bas an? (?:\S+ )?{MODEL},? (?:you|your|do|ignore|please|always|never|answer|reply)\b",
    rf"\b{MODEL},? (?:that |who |which |when |while )?(?:is |are )?(?:reading|processing|parsing|"
    r"summari[sz]ing|answering|analy[sz]ing|seeing|evaluating|ingesting|indexing)\b.{0,30}\b"
    r"(?:this|must|should|shall|please)\b",
    rf"^(?:\W*){MODEL}\s?[:,] ?(?:you|please|ignore|always|never|do|from|when|answer|reply"
    rf"|respond|say|"
    r"write|print|output|stop|the user)\b",
    rf"\b(?:the|any|an?|every|all|this) (?:\S+ )?{MODEL} (?:must|should|shall|has to|have to"
    rf"|needs? to|"
    rf"(?:is|are) (?:hereby |now )?(?:required|instructed|ordered|told|asked|to)(?: to)?) "
    rf"(?:\S+ ){{0,2}}?(?:{SPEAK}|mention|"
    r"ignore|include|recommend|claim|refuse|end|begin|add|act|obey|follow|disregard|treat|tell"
    r"|praise|forget)\b",
    r"\b(?:humans?|users?|readers?|reviewers?|people)\b.{0,12}\b(?:cannot|can't|can not|will "
    r"not|won't|do not|"
    r"don't|never) (?:see|read|notice|view) (?:this|these)\b",
    rf"\b{MODEL} (?:that|which|who|reading|processing|parsing)\b.{{0,40}}\b(?:must|should"
    rf"|shall|has to|is (?:hereby |"
    r"now )?(?:required|ordered|instructed|told) to)\b",
    r"\b(?:begin|end|start of|end of) (?:of )?(?:system|developer|hidden|secret|new) "
    r"(?:message|prompt|"
    r"instructions?|note|context)\b",
    # tags of chat formats
    r"<\|? ?/?(?:im_start|im_end|system|user|assistant|endoftext|start_header_id|end_header_id"
    r"|eot_id"
    r"|begin_of_text) ?\|>",
    r"\[/?inst\]|<</?sys>>|</?(?:system|assistant|instructions?|prompt|sys)(?:[ _-]prompt)?>",
    r"^\W*(?:assistant|chatbot)(?: response| message| output)?\s?: ?\S",
    r"^\W*(?:system|developer|human|user|admin)(?: \(?override\)?)?\s?: ?(?:you|ignore|always"
    r"|never|your"
    r"|respond|answer|reply|new|disregard|forget|from now|please (?:ignore|answer|reply|print)"
    r"|print|say)\b",
    r"^\W*#{2,} ?(?:instruction|response|system(?: prompt)?|assistant|new instructions?)\s?:",
    r"## ?(?:begin|end)_quote ?##|< ?/?answer ?> ?:",
    # its instructions
    r"\b(?:reveal|print|repeat|show|output|leak|disclose|display|tell|share|dump|expose|quote"
    r"|recite"
    r"|summari[sz]e|translate|what (?:is|are|was|were)|ignore|modify|change|begin|end of)"
    r"\b.{0,30}\b"
    r"(?:your|the|its) (?:full |entire |exact |own )*(?:system|initial|hidden|original|secret"
    r"|developer)"
    r" (?:prompt|instructions?|messages?|rules)\b",
    r"\b(?:reveal|print|repeat|show|output|leak|dump|recite|tell me|tell us|give me)"
    r"\b.{0,20}\byour "
    r"(?:\S+ )?(?:prompt|instructions|guidelines|rules|training data|api keys?)\b",
    r"\b(?:do not|don't|never|must not)\b.{0,10}\b(?:mention|reveal|disclose|repeat|acknowledge|"
    r"discuss|admit|quote)\b.{0,20}\b(?:this|these|those|the|your) (?:\S+ )?(?:instructions?"
    r"|prompts?|"
    r"directives?|injections?|orders?)\b",
    r"\b(?:do not|don't|never|without)\b.{0,6}\b(?:tell(?:ing)?|inform(?:ing)?|alert(?:ing)?|"
    r"warn(?:ing)?|let(?:ting)?|notify(?:ing)?)\b (?:the|any|this) (?:user|human|operator"
    r"|reader)\b",
    r"\b(?:do not|don't|never|refuse to) (?:answer|address|help with) (?:the|this|that) "
    r"(?:user'?s? )?"
    r"(?:actual |original |real )?(?:question|query|user)\b",
    r"\brepeat (?:the |all |every |back )*(?:text|words?|everything|sentences?|content"
    r"|messages?)\b.{0,20}\b(?:above"
    r"|before|preceding)\b|\bwhat (?:were|have) you (?:been )?(?:told|instructed|given|asked)\b",
]  # fmt: skip
