"""Reads a training file: chat, completion, preference (DPO) and graded (RFT) rows.

`read_rows` refuses what Azure refuses: too few rows, lines that are no JSON, wrong shapes. What
the student learns from is only in these rows: question, documents, quotes, final answer.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from local.models.prompts import DOCUMENT, NO_ANSWER, find_question, message_text
from local.models.tokens import count_tokens

LEAST_ROWS = 10
QUOTE = re.compile(r"##begin_quote##(.*?)##end_quote##", re.S)
STOP = re.compile(r"<[^<>\s]+>$")  # text that ends a completion; no part of the answer
REFUSAL = re.compile(
    r"\b(?:cannot|can't|can not|unable to) (?:be )?answer|missing the required|no document"
    r"|do(?:es)? not (?:contain|mention|answer|provide|say)|insufficient information"
    r"|not (?:in|mentioned in|answered by) the (?:document|context)",
    re.I,
)
ROLES = ("system", "developer", "user", "assistant", "tool", "function")


class InvalidFileError(ValueError):
    """The file cannot be trained on; the message says which line and why."""


@dataclass(frozen=True)
class Reply:
    """What an assistant text says: the quotes it gives and its final answer."""

    quotes: tuple[str, ...]
    answer: str
    refused: bool


@dataclass(frozen=True)
class Row:
    """One training example. `rejected` is the answer not preferred, where the row has one."""

    question: str
    documents: tuple[str, ...]
    reply: Reply
    rejected: Reply | None
    tokens: int


def read_reply(text: str) -> Reply:
    """Takes an assistant text apart."""
    quotes = tuple(quote.strip() for quote in QUOTE.findall(text) if quote.strip())
    answer = re.split(r"<ANSWER>\s*:?", text)[-1].strip()
    refused = answer == NO_ANSWER or (not quotes and bool(REFUSAL.search(answer)))
    return Reply(quotes, answer, refused)


def _messages(value: Any, line: int) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value:
        raise InvalidFileError(f"Line {line}: 'messages' must be a list of messages.")
    for message in value:
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            raise InvalidFileError(f"Line {line}: every message needs a known 'role'.")
        if not isinstance(message.get("content"), str | list):
            raise InvalidFileError(f"Line {line}: every message needs 'content'.")
    return value


def _last(messages: list[dict[str, Any]], role: str, line: int) -> str:
    texts = [message_text(m["content"]) for m in messages if m["role"] == role]
    if not texts:
        raise InvalidFileError(f"Line {line}: there is no {role} message.")
    return texts[-1]


def _read_row(record: Any, line: int, method: str) -> Row:
    if not isinstance(record, dict):
        raise InvalidFileError(f"Line {line}: a row must be a JSON object.")
    rejected = None
    if method == "dpo":
        if not {"input", "preferred_output", "non_preferred_output"} <= set(record):
            raise InvalidFileError(
                f"Line {line}: 'input', 'preferred_output' and 'non_preferred_output' are required."
            )
        prompt = _messages((record["input"] or {}).get("messages"), line)
        user = _last(prompt, "user", line)
        good = _last(_messages(record["preferred_output"], line), "assistant", line)
        bad = _last(_messages(record["non_preferred_output"], line), "assistant", line)
        rejected = read_reply(bad)
        total = sum(count_tokens(text) for text in (user, good, bad))
    elif "messages" in record:
        messages = _messages(record["messages"], line)
        user = _last(messages, "user", line)
        if method == "reinforcement":
            if messages[-1]["role"] != "user":
                raise InvalidFileError(f"Line {line}: the last message must be the user's.")
            if any(message["role"] == "system" for message in messages):
                raise InvalidFileError(f"Line {line}: system messages are not supported.")
            # Azure reads whatever its graders name; what is learned here is in these two fields.
            good = "".join(
                f"##begin_quote##{quote}##end_quote##\n"
                for quote in record.get("reference_quotes", ())
            )
            good += f"<ANSWER>: {record.get('reference_answer', '')}"
        else:
            good = _last(messages, "assistant", line)
        total = sum(count_tokens(message_text(m["content"])) for m in messages)
    elif isinstance(record.get("prompt"), str) and isinstance(record.get("completion"), str):
        user, good = record["prompt"], STOP.sub("", record["completion"].rstrip())
        total = count_tokens(user) + count_tokens(record["completion"])
    else:
        raise InvalidFileError(f"Line {line}: neither 'messages' nor 'prompt' and 'completion'.")
    return Row(
        find_question(user), tuple(DOCUMENT.findall(user)), read_reply(good), rejected, total
    )


def read_rows(content: bytes, method: str) -> list[Row]:
    """All rows of a file, or InvalidFileError."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidFileError(f"The file is not UTF-8: {error}") from None
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            raise InvalidFileError(f"Line {number}: not valid JSON.") from None
        rows.append(_read_row(record, number, method))
    return rows


def check_training_rows(rows: list[Row]) -> None:
    """Refuses a training file that is too small."""
    if len(rows) < LEAST_ROWS:
        raise InvalidFileError(
            f"Training file has {len(rows)} example(s), but needs at least {LEAST_ROWS}."
        )
