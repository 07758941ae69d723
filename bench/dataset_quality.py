"""The dataset's quality in figures, for any folders: `python -m bench.dataset_quality DIR …`

Each folder goes through a run on a fresh local stack; the figures are computed here from the
written rows, by code of its own: what should be zero is zero in the files, not in the pipeline's
opinion of them. Chunks are measured apart, see `chunk_quality`.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.chunk_quality import measure_chunks
from bench.runs import stack
from local import session

_QUOTE = re.compile(r"##begin_quote##(.*?)##end_quote##", re.DOTALL)
_NUMBERING = re.compile(r"^\s*(\d+[.):]|[-*•]|[Qq]\d*[.:)]|[Qq]uestion\b.*:)")
_PREAMBLE = re.compile(r"^(here (are|is)|sure|certainly|of course|the following)\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")


def main(folders: list[Path]) -> None:
    """Print a column of figures per folder."""
    for folder in folders:
        print(f"\n{folder.name}")
        pdfs = [path for path in sorted(folder.iterdir()) if path.suffix == ".pdf"]
        for name, value in {**measure(folder), **measure_chunks(pdfs)}.items():
            print(f"  {name:<58} {value}", flush=True)


def measure(folder: Path) -> dict[str, Any]:
    """Figures of the dataset that a run over the folder writes."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    with stack() as running:
        session.upload(running, "quality", files)
        run = session.wait_for_new_run(running, "quality", set())
        view = running.wait_for_run(run, 1_200)
        container = running.container("runs")
        rows = _lines(container.download_blob(f"{run}/dataset/rows.jsonl").readall())
        chunks = [
            chunk
            for blob in container.list_blobs(name_starts_with=f"{run}/chunks/")
            for chunk in _lines(container.download_blob(blob.name).readall())
        ]
        manifest = json.loads(container.download_blob(f"{run}/manifest.json").readall())
    counts = view["stages"]["dataset"]["counts"]
    drops = {name: count for name, count in counts.items() if name.startswith("drop_")}
    return {
        "rows (train, valid, test)": tuple(
            sum(row["split"] == split for row in rows) for split in ("train", "valid", "test")
        ),
        **_zeros(rows, {chunk["id"]: chunk["text"] for chunk in chunks}),
        **_shapes(rows, chunks, manifest["spec"]),
        "kinds of questions": dict(Counter(row["kind"] for row in rows).most_common()),
        "dropped": drops or "none",
    }


def _zeros(rows: list[dict[str, Any]], texts: dict[str, str]) -> dict[str, int]:
    """What has to be zero."""
    astride_groups: dict[str, set[str]] = {}
    for row in rows:
        astride_groups.setdefault(row["group"], set()).add(row["split"])
    return {
        "quotes not verbatim in an oracle": sum(
            not any(_squash(quote) in _squash(texts[chunk]) for chunk in _oracle_ids(row))
            for row in rows
            for quote in _QUOTE.findall(row["answer"])
        ),
        "quotes of text that is not shown": sum(
            not any(_squash(quote) in _squash(d["text"]) for d in row["documents"])
            for row in rows
            for quote in _QUOTE.findall(row["label"])
        ),
        "numbering, preambles, non-questions": sum(
            bool(_NUMBERING.match(q) or _PREAMBLE.match(q) or not q.endswith("?"))
            for q in (row["question"] for row in rows)
        ),
        "near-duplicate questions astride splits": _near_duplicates_astride(rows),
        "oracle groups in two splits": sum(len(splits) > 1 for splits in astride_groups.values()),
        "distractors that hold a quote of the answer": sum(
            any(_squash(quote) in _squash(document["text"]) for quote in row["quotes"])
            for row in rows
            for index, document in enumerate(row["documents"])
            if index not in row["oracles"]
        ),
    }


def _shapes(
    rows: list[dict[str, Any]], chunks: list[dict[str, Any]], spec: dict[str, Any]
) -> dict[str, Any]:
    """Distributions."""
    trained = [row for row in rows if row["split"] != "test"]
    shown = [row for row in rows if row["oracles"]]
    full = Counter(len(row["documents"]) for row in shown).most_common(1)[0][0]
    positions = Counter(
        place for row in shown if len(row["documents"]) == full for place in row["oracles"]
    )
    share = sum(bool(row["oracles"]) for row in trained) / len(trained)
    size = median(chunk["tokens"] for chunk in chunks)
    return {
        f"oracle positions among {full} documents": [positions[p] for p in range(full)],
        "  chi-square p of a uniform position": f"{p_uniform(positions, full):.3f}",
        f"share with oracle in train and valid (p = {spec['p']})": f"{share:.3f}",
        f"median chunk in tokens (chunk_size = {spec['chunk_size']})": size,
    }


def p_uniform(positions: Counter[int], width: int) -> float:
    """p of Pearson's chi-square by simulation: no table, 20,000 seeded draws."""
    observed = np.array([positions[p] for p in range(width)])
    total = int(observed.sum())
    expected = total / width
    statistic = ((observed - expected) ** 2 / expected).sum()
    draws = np.random.default_rng(0).multinomial(total, [1 / width] * width, size=20_000)
    simulated = ((draws - expected) ** 2 / expected).sum(axis=1)
    return float((simulated >= statistic).mean())


def _near_duplicates_astride(rows: list[dict[str, Any]]) -> int:
    """Pairs across splits whose words overlap by 0.9 or more: every pair is looked at."""
    words = [(row["split"], set(_WORD.findall(row["question"].casefold()))) for row in rows]
    return sum(
        split != other and len(own & theirs) >= 0.9 * len(own | theirs)
        for index, (split, own) in enumerate(words)
        for other, theirs in words[index + 1 :]
    )


def _oracle_ids(row: dict[str, Any]) -> list[str]:
    """A multi-hop question is about its chunk and the next one of the document."""
    chunk = str(row["id"]).rpartition("/")[0]
    document, _, ordinal = chunk.rpartition("#")
    return [chunk, f"{document}#{int(ordinal) + 1}"] if row["kind"] == "multi_hop" else [chunk]


def _lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.decode().split("\n") if line]


def _squash(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]] or [Path("samples/bank")])
