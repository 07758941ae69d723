"""Commands that stand in for az and azd on the PATH: they note how they were called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.infra.bicep import ROOT

_FAKE = """#!{python}
import json, sys
from pathlib import Path
here = Path(__file__).parent
words = [Path(__file__).name, *sys.argv[1:]]
given = [Path(w[1:]).read_text() if w.startswith("@") else "" for w in words]
with (here / "calls").open("a") as log:
    log.write(json.dumps([words, [text for text in given if text]]) + "\\n")
rules = json.loads((here / "rules").read_text())
for rule in rules:
    if all(word in words for word in rule["words"].split()) and rule["times"] != 0:
        rule["times"] -= 1
        (here / "rules").write_text(json.dumps(rules))
        print(rule["answer"])
        print(rule["error"], file=sys.stderr)
        sys.exit(rule["code"])
"""


@dataclass
class Call:
    """One call: its words, and the text of each file that was given as @file."""

    words: list[str]
    files: list[str]

    def option(self, name: str) -> str:
        """The word after an option."""
        return self.words[self.words.index(name) + 1]


@dataclass
class Commands:
    """Fake commands in a folder of their own, with what they are to answer."""

    folder: Path
    rules: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        for name in ("az", "azd", "sleep"):
            fake = self.folder / name
            fake.write_text(_FAKE.format(python=sys.executable), encoding="utf-8")
            fake.chmod(0o755)

    def on(
        self, words: str, answer: str = "", *, code: int = 0, error: str = "", times: int = -1
    ) -> None:
        """Answer calls that hold all these words so, the first `times` of them (-1: all)."""
        rule = {"words": words, "answer": answer, "code": code, "error": error, "times": times}
        self.rules.append(rule)

    def run(self, hook: str, cwd: Path = ROOT, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a hook under sh, as azd does."""
        (self.folder / "rules").write_text(json.dumps(self.rules), encoding="utf-8")
        (self.folder / "calls").write_text("", encoding="utf-8")
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["sh", str(ROOT / "infra" / "hooks" / f"{hook}.sh")],
            cwd=cwd,
            env={"PATH": path, "HOME": str(self.folder), "HOOK_ATTEMPTS": "3", **environ},
            capture_output=True,
            text=True,
        )

    @property
    def calls(self) -> list[Call]:
        """Calls of the last run, sleeps left out."""
        lines = (self.folder / "calls").read_text(encoding="utf-8").splitlines()
        return [Call(*json.loads(line)) for line in lines if json.loads(line)[0][0] != "sleep"]

    @property
    def waited(self) -> int:
        """How often the last run slept."""
        return (self.folder / "calls").read_text(encoding="utf-8").count('[["sleep"')
