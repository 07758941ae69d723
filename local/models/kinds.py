"""Questions by kind: factual, procedural, comparison, table, and multi-hop over two documents.

Which kind a question is follows from the rule that made it and from what it is read off. A kind
that the document cannot give stays empty: nothing of another kind takes its place.
"""

import re
from functools import lru_cache

from local.models.comparisons import comparisons
from local.models.hops import hops
from local.models.prompts import ANY, MULTI_HOP
from local.models.questions import Asked, choose, find_questions
from local.models.steps import whole_lists
from local.models.units import ENTRY, ROW

RAREST = (MULTI_HOP, "comparison", "table", "procedural", "factual", ANY)  # chosen in this order
DOING = re.compile(
    r"(?:(?:With|Under|For|When|In) [^,]+, )?(?:"
    r"how (?:do|can|may|should|must|could|is|are) (?!much|many|long|often|soon)"
    r"|where (?:can|may|must|should) |what (?:should|must) .+ do\b|what (?:do|does) .+ need\b"
    r"|what (?:must|should) |what are the steps |what is the \w+ step |what happens (?:if|when) "
    r"|under what condition (?:may|must|can|should) "
    r"|(?:when|by when|how soon|within how many \w+) (?:may|must|can|should) )",
    re.I,
)


@lru_cache(maxsize=2048)
def all_questions(document: str) -> tuple[Asked, ...]:
    """Every question of one document, whatever its kind."""
    lists = [
        Asked(draft.question, draft.answer, units[0], draft.kind, draft.score, units[1:])
        for draft, units in whole_lists(document)
    ]
    return (*find_questions(document), *lists, *comparisons(document))


def kind_of(asked: Asked) -> str:
    """The kind of a question."""
    if asked.kind in ("comparison", MULTI_HOP):
        return asked.kind
    if asked.unit.kind in (ROW, ENTRY):
        return "table"
    return "procedural" if DOING.match(asked.question) else "factual"


def choose_by_kind(
    documents: tuple[str, ...], wanted: tuple[tuple[str, int], ...]
) -> list[tuple[str, Asked]]:
    """The best questions of each wanted kind, with their kind."""
    document = documents[0] if len(documents) == 1 else "\n\n".join(documents)
    chosen: list[Asked] = []
    by_kind: dict[str, list[Asked]] = {}
    for kind, number in sorted(wanted, key=lambda entry: RAREST.index(entry[0])):
        if kind == MULTI_HOP:
            found = hops(documents[0], documents[1]) if len(documents) == 2 else ()
        elif kind == ANY:
            found = find_questions(document)
        else:
            found = tuple(asked for asked in all_questions(document) if kind_of(asked) == kind)
        by_kind[kind] = choose(found, number, chosen)
        chosen += by_kind[kind]
    return [(kind_of(asked), asked) for kind, _ in wanted for asked in by_kind[kind]]
