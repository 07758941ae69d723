"""Reads what a request asks: the documents, the question, the shape of the reply.

A prompt is data blocks `<DOCUMENT>…</DOCUMENT>` and words around them. Only the words outside the
blocks can ask for something; text inside a block never does. A request to answer again stands in a
user message of its own, after the documents and the earlier answers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

DOCUMENT = re.compile(r"<DOCUMENT[^>]*>(.*?)</DOCUMENT>", re.S)
ASKS_QUESTIONS = re.compile(
    r"[Ww]rite (?:up to |at most |exactly )?(\d+) (?:(\w+) )?(question|instruction)s?"
    r"([^:.\n]*:[^.\n]*)?"
)
KIND_COUNT = re.compile(r"(\d+) (factual|procedural|comparison|table|multi_hop)\b")
MULTI_HOP, API, ANY = "multi_hop", "api", ""
QUESTION_LINE = re.compile(r"^\s*(?:\*\*)?Question(?:\*\*)?\s*:\s*(.+?)\s*$", re.M)
NO_ANSWER = "I cannot answer this from the documents."


@dataclass(frozen=True)
class Prompt:
    """One chat request, taken apart. `around` is all text outside the document blocks.

    `wanted` says how many questions of which kind to write: `ANY` kind where none was named,
    `API` for instructions that an API carries out; it is empty when an answer is asked for.
    `earlier` are the answers already given to the question, which a check has refused.
    """

    system: str
    documents: tuple[str, ...]
    around: str
    question: str
    wanted: tuple[tuple[str, int], ...]
    json_reply: bool
    raft_format: bool
    earlier: tuple[str, ...] = ()


def message_text(content: Any) -> str:
    """The text of a message, whether it came as a string or as parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [p.get("text", "") for p in content if isinstance(p, dict)]
        return "\n".join(part for part in parts if isinstance(part, str))
    return ""


def find_question(text: str) -> str:
    """The question of a user message: a `Question:` line, or what follows the last document."""
    outside = DOCUMENT.sub("\n\n", text)
    marked = QUESTION_LINE.findall(outside)
    if marked:
        return str(marked[-1]).strip()
    tail = text.rsplit("</DOCUMENT>", 1)[-1] if "</DOCUMENT>" in text else text
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    asking = [line for line in lines if line.endswith("?")]
    return asking[-1] if asking else (lines[0] if lines else "")


def _wanted(text: str) -> tuple[tuple[str, int], ...]:
    """How many questions of which kind a text outside the documents asks for; none where it is
    itself a question to answer."""
    if QUESTION_LINE.search(text):
        return ()
    asked = list(ASKS_QUESTIONS.finditer(text))
    if not asked:
        return ()
    number, kind, what, listed = asked[-1].groups()
    counts = KIND_COUNT.findall(listed or "")
    if what == "instruction":
        return ((API, int(number)),)
    if counts:
        return tuple((name, int(count)) for count, name in counts if int(count))
    named = kind in (MULTI_HOP, "factual", "procedural", "comparison", "table")
    return ((kind if named else ANY, int(number)),)


def read_prompt(messages: list[dict[str, Any]], response_format: Any = None) -> Prompt:
    """Takes the messages of a chat request apart."""
    system = "\n".join(
        message_text(m.get("content")) for m in messages if m.get("role") in ("system", "developer")
    )
    users = [message_text(m.get("content")) for m in messages if m.get("role") == "user"] or [""]
    earlier = [message_text(m.get("content")) for m in messages if m.get("role") == "assistant"]
    around = "\n".join(DOCUMENT.sub("\n", user) for user in users)
    marked = QUESTION_LINE.search(around)
    kind = response_format.get("type") if isinstance(response_format, dict) else None
    instructions = system + "\n" + around
    return Prompt(
        system=system,
        documents=tuple(block for user in users for block in DOCUMENT.findall(user)),
        around=around,
        question=find_question("\n".join(users) if marked else users[-1]),
        wanted=_wanted(DOCUMENT.sub("\n", f"{system}\n{users[-1]}")),
        json_reply=kind in ("json_object", "json_schema"),
        raft_format="<ANSWER>" in instructions or "##begin_quote##" in instructions,
        earlier=tuple(earlier),
    )


def raft_answer(reasoning: str, quotes: Sequence[str], answer: str) -> str:
    """A reply in the RAFT format: reasoning, verbatim quotes, then the final answer."""
    quoted = " ".join(f"##begin_quote##{quote}##end_quote##" for quote in quotes)
    return f"{reasoning} {quoted}\n<ANSWER>: {answer}"


def raft_refusal(reasoning: str) -> str:
    """A reply in the RAFT format that says the documents do not answer."""
    return f"{reasoning}\n<ANSWER>: {NO_ANSWER}"
