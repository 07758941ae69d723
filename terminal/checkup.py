"""`raft doctor`: reads settings as the app would, and has the app's own doctor examine them."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from shared.bootstrap import Services
from shared.errors import SpecError
from shared.services.doctor import OK, WRONG, Finding
from shared.settings import DOCUMENTS_CONNECTION, Role, event_grid_triggers, read_settings
from terminal.exits import CliError, Exit
from terminal.output import Output
from terminal.place import running
from terminal.running import start_stack

# What the host and the bindings read, beside what the app reads itself.
_BY_THE_HOST = ("TASKHUB_NAME", "SWEEP_SCHEDULE", "DEPLOYMENT_SWEEP_SCHEDULE")
_STORAGE_OF_HOST = "AzureWebJobsStorage"
_PLACEHOLDER = re.compile(r"<[^<>]+>")
_OURS = re.compile(
    rf"(?:{'|'.join((*Role, 'COMPLETION'))})_|AZURE_(?:OPENAI|ML)_|MODEL_|QUIET_|POLL_|LANES"
)
_NUMBERED = re.compile(r"_\d+_")


def examine(settings_file: Path | None, data: Path, out: Output) -> list[Finding]:
    """Findings on the settings of a file, of the environment, or of the local stack where neither
    has any."""
    with ExitStack() as until_done:
        if settings_file:
            environ: Mapping[str, str] = _settings_in(settings_file)
            out.say(f"settings of {settings_file}")
        elif any(_is_ours(name) for name in os.environ):
            environ = os.environ
            out.say("settings of the environment")
        else:
            environ = _settings_of_stack(data, out, until_done)
        return [*_of_settings(environ), *_of_services(environ)]


def _settings_in(path: Path) -> dict[str, str]:
    """The values of a local.settings.json."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        values = dict(data["Values"])
    except FileNotFoundError:
        raise CliError(Exit.USAGE, f"there is no file {path}") from None
    except (OSError, ValueError, KeyError, TypeError):
        words = f'{path} is no local.settings.json: it needs an object "Values"'
        raise CliError(Exit.USAGE, words) from None
    if data.get("IsEncrypted"):
        raise CliError(Exit.USAGE, f"{path} is encrypted: func settings decrypt")
    return {name: str(value) for name, value in values.items()}


def _settings_of_stack(data: Path, out: Output, until_done: ExitStack) -> Mapping[str, str]:
    stack = running(data)
    if stack is None:
        start_stack(data, out, until_done)
        stack = running(data)
    if stack is None:
        raise CliError(Exit.UNREACHABLE, f"the stack on {data} ended at once")
    out.say(f"local stack on {data}, host at {stack.url}")
    return {**os.environ, **stack.settings}


def _is_ours(name: str) -> bool:
    return name.startswith((DOCUMENTS_CONNECTION, *(f"{role}_" for role in (*Role, "COMPLETION"))))


def _of_settings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """What can be told of settings without asking anyone."""
    watched = _Watched(environ)
    try:
        read_settings(watched)
        event_grid_triggers(watched)
    except SpecError as error:
        yield Finding("settings", WRONG, error.reason, f"correct {error.field}")
        return
    problems = [
        *_placeholders(environ),
        *_missing(environ),
        *(
            Finding(f"setting {name}", WRONG, "is read by nothing", "a misspelling?")
            for name in sorted(environ)
            if _OURS.match(name) and name not in watched.read and not _NUMBERED.search(name)
        ),
    ]
    yield from problems or [Finding("settings", OK, "all can be read")]


def _placeholders(environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in sorted(environ):
        ours = _OURS.match(name) or name.startswith(("AZURE_", DOCUMENTS_CONNECTION))
        if ours and _PLACEHOLDER.search(environ[name]):
            yield Finding(f"setting {name}", WRONG, "still holds a placeholder", f"set {name}")


def _missing(environ: Mapping[str, str]) -> Iterator[Finding]:
    names = [name for name in _BY_THE_HOST if not environ.get(name)]
    if not any(name.split("__")[0] == _STORAGE_OF_HOST for name in environ):
        names.append(_STORAGE_OF_HOST)
    for name in names:
        words = "is not set: the Functions host needs it"
        yield Finding(f"setting {name}", WRONG, words, "as in local.settings.json.example")


def _of_services(environ: Mapping[str, str]) -> list[Finding]:
    try:
        services = Services(read_settings(environ))
    except SpecError:  # a finding on settings says so
        return []
    logging.disable(logging.CRITICAL)  # what is wrong becomes a finding
    try:
        return asyncio.run(services.doctor.examine())
    finally:
        del services
        gc.collect()  # connections that are dropped unclosed say so
        logging.disable(logging.NOTSET)


class _Watched(dict[str, str]):
    """An environment that remembers which names were asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.read: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        """As a dict's."""
        self.read.add(name)
        return super().get(name, default)
