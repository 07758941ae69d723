"""A server in a process of its own, its clients, and a small invented corpus."""

import json
import random
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openai import AzureOpenAI, OpenAI

ROOT = Path(__file__).resolve().parents[3]
SYSTEM = (
    "Answer from the documents. Reason step by step with quotes between ##begin_quote## and "
    "##end_quote##, then end with <ANSWER>: and the answer."
)


@dataclass
class Server:
    """A running stand-in."""

    process: subprocess.Popen[str]
    url: str

    def client(self, **options: Any) -> OpenAI:
        settings = {"api_key": "local", "max_retries": 0, **options}
        return OpenAI(base_url=f"{self.url}/openai/v1/", **settings)

    def azure(self) -> AzureOpenAI:
        return AzureOpenAI(
            azure_endpoint=self.url, api_key="local", api_version="2025-04-01-preview"
        )

    def admin(self, path: str, method: str = "GET", body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}/_stand-in/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as reply:
            return json.loads(reply.read())

    def fault(self, kind: str, deployment: str = "*", **settings: Any) -> None:
        self.admin("faults", "PUT", {"kind": kind, "deployment": deployment, **settings})

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=5)


def start_server(data: Path, *options: str) -> Server:
    process = subprocess.Popen(
        [sys.executable, "-m", "local.models", "--port", "0", "--data", str(data), *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("models ready http://127.0.0.1:"), line
    return Server(process, line.split()[-1])


def ask(documents: list[str], question: str) -> list[dict[str, str]]:
    """The messages of one question over documents."""
    blocks = "\n".join(f"<DOCUMENT>{document}</DOCUMENT>" for document in documents)
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"{blocks}\n\nQuestion: {question}"},
    ]


NAMES = (
    "Alder Birch Cedar Dogwood Elm Fir Ginkgo Hazel Ivy Juniper Katsura Larch Maple Nettle Oak "
    "Pine Quince Rowan Spruce Tamarack Umbrella Viburnum Willow Yarrow Zelkova Aspen Beech "
    "Chestnut Durian Ebony"
)
KINDS = ("Account", "Card", "Loan")


def corpus(seed: int = 0) -> list[str]:
    """Short guides of invented products that say the same things with other values."""
    rng = random.Random(seed)
    guides = []
    for name in NAMES.split():
        kind = rng.choice(KINDS)
        lines = [
            f"# {name} {kind}",
            f"The {name} {kind} is a product for {rng.choice(['students', 'traders', 'seniors'])} "
            f"who bank in {rng.choice(['Alford', 'Brackley', 'Corwen', 'Dalton'])}.",
            f"The monthly fee is £{rng.randint(2, 30)} for each customer.",
            f"Customers can withdraw up to £{rng.randint(2, 9)}00 per day.",
            f"If the customer loses the card, a new one arrives within {rng.randint(2, 9)} days.",
            f"The fee is waived when the balance stays above £{rng.randint(2, 9)},000.",
            f"Interest is paid on 3{rng.randint(0, 1)} March because the {name} year ends then.",
            f"Requests take {rng.randint(2, 9)} business days at every branch.",
            "All fees are listed in the tariff.",
            f"Customers may ask about the {name} {kind} at any branch.",
        ]
        rng.shuffle(lines[2:])
        guides.append("\n\n".join(lines))
    return guides


@dataclass(frozen=True)
class Case:
    """A question with its documents and what the teacher answered."""

    guide: int
    documents: tuple[str, ...]
    question: str
    reply: str

    def row(self, reply: str | None = None) -> dict[str, Any]:
        answer = {"role": "assistant", "content": reply or self.reply}
        return {"messages": [*ask(list(self.documents), self.question), answer]}
