"""The nouns of the dataset are values: equal when their parts are, and never changed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict, replace

import pytest

from shared.raft.examples import ChunkExamples, Drop, Example, Row, ShownDocument

EXAMPLE = Example("d#0/0", "d#0", "What?", "because\n<ANSWER>: so", "so", ["because"])
ROW = Row("d#0/0", "train", "d#0", "What?", [ShownDocument("d#0", "text")], [0], "l", "a", "so", [])


@pytest.mark.parametrize("noun", [EXAMPLE, ROW, Drop("q", "c", "r"), ChunkExamples("d#0")])
def test_nouns_are_frozen_and_equal_by_value(noun: Example | Row | Drop | ChunkExamples) -> None:
    assert replace(noun) == noun
    with pytest.raises(FrozenInstanceError):
        noun.question = "other"  # type: ignore[union-attr,misc]


def test_chunk_examples_survive_their_record() -> None:
    made = ChunkExamples("d#0", [EXAMPLE], [Drop("Who?", "no_quote", "it quotes nothing")])
    record = asdict(made)
    assert made == ChunkExamples(
        record["chunk"],
        [Example(**example) for example in record["examples"]],
        [Drop(**drop) for drop in record["drops"]],
    )


def test_chunks_share_no_lists() -> None:
    one, two = ChunkExamples("a"), ChunkExamples("b")
    one.examples.append(EXAMPLE)
    assert two.examples == []
