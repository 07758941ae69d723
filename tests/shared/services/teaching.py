"""Teachers and judges by script, and a run's first chunk through them."""

from __future__ import annotations

import json
from typing import Any

from shared.ports import Reply
from tests.shared.services.fakes import ScriptedChat
from tests.shared.services.world import World

QUOTE = "##begin_quote##The alder 1 account has a fee of 2 pounds##end_quote##"
GOOD = f"It says {QUOTE}\n<ANSWER>: two pounds"
ASKED = "What does the alder account cost?\nWho may visit any branch at all?"


def asks(prompt: str) -> bool:
    return "Write 2 questions" in prompt


def answering(reply: str | Reply | Exception) -> ScriptedChat:
    """A teacher who asks two questions and always answers alike."""
    return ScriptedChat(lambda prompt: ASKED if asks(prompt) else reply)


def asking(reply: str | Reply | Exception) -> ScriptedChat:
    """A teacher who gives this when asked for questions."""
    return ScriptedChat(lambda prompt: reply if asks(prompt) else GOOD)


def reading(reply: str | Reply | Exception = GOOD) -> ScriptedChat:
    """A judge's model that always answers alike."""
    return ScriptedChat(lambda _: reply, "reader")


async def first_chunk(
    teacher: ScriptedChat,
    reader: ScriptedChat | None = None,
    files: dict[str, str] | None = None,
    **spec: Any,
) -> tuple[World, str, Any]:
    """The outcome of a run's first chunk."""
    world = World(teacher, reader=reader or reading())
    run = await world.start(files, **spec)
    await world.ingest(run)
    return world, run, await world.generation.generate(run, 0)


def written(world: World, run: str) -> dict[str, Any]:
    data = json.loads(world.blobs.blobs[f"{run}/examples/00000.json"][0])
    assert isinstance(data, dict)
    return data
