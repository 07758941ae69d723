"""Reads what a request asks: the documents, the question, the shape of the reply.

A prompt is data blocks `<DOCUMENT>…</DOCUMENT>` and words around them. Only the words outside the
blocks can ask for something; text inside a block never does.
"""

import re
from dataclasses import dataclass
from typing import Any

DOCUMENT = re.compile(r"<DOCUMENT[^>]*>(.*?)</DOCUMENT>", re.S)
ASKS_QUESTIONS = re.compile(r"[Ww]rite (?:up to |at most |exactly )?(\d+) (?:\w+ )?questions?")
QUESTION_LINE = re.compile(r"^\s*(?:\*\*)?Question(?:\*\*)?\s*:\s*(.+?)\s*$", re.M)
NO_ANSWER = "I cannot answer this from the documents."


@dataclass(frozen=True)
class Prompt:
    """One chat request, taken apart. `around` is all text outside the document blocks."""

    system: str
    documents: tuple[str, ...]
    around: str
    question: str
    wanted_questions: int | None
    json_reply: bool
    raft_format: bool


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


def read_prompt(messages: list[dict[str, Any]], response_format: Any = None) -> Prompt:
    """Takes the messages of a chat request apart."""
    system = "\n".join(
        message_text(m.get("content")) for m in messages if m.get("role") in ("system", "developer")
    )
    users = [message_text(m.get("content")) for m in messages if m.get("role") == "user"]
    user = users[-1] if users else ""
    around = DOCUMENT.sub("\n", user)
    asked = ASKS_QUESTIONS.search(around) or ASKS_QUESTIONS.search(DOCUMENT.sub("", system))
    kind = response_format.get("type") if isinstance(response_format, dict) else None
    instructions = system + "\n" + around
    return Prompt(
        system=system,
        documents=tuple(DOCUMENT.findall(user)),
        around=around,
        question=find_question(user),
        wanted_questions=int(asked[1]) if asked else None,
        json_reply=kind in ("json_object", "json_schema"),
        raft_format="<ANSWER>" in instructions or "##begin_quote##" in instructions,
    )


def raft_answer(reasoning: str, quote: str, answer: str) -> str:
    """A reply in the RAFT format: reasoning around one verbatim quote, then the final answer."""
    return f"{reasoning} ##begin_quote##{quote}##end_quote##\n<ANSWER>: {answer}"


def raft_refusal(reasoning: str) -> str:
    """A reply in the RAFT format that says the documents do not answer."""
    return f"{reasoning}\n<ANSWER>: {NO_ANSWER}"
