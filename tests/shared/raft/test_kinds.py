"""What a chunk lends itself to, and the mix of kinds that many chunks come to."""

from __future__ import annotations

from collections import Counter

import pytest

from shared.raft.documents import Chunk
from shared.raft.kinds import ask_for, has_table, instructions, kinds_for
from shared.spec import QuestionKinds

TABLE = "| Account | Fee |\n|---|---|\n| Alder | 5 |\n| Birch | 7 |"
ALIGNED = "Alder    5    12\nBirch    7    24\nCedar    9    36"
MIX = QuestionKinds().model_dump()
ALL = set(MIX)


def chunk(text: str = "The fee is 5 pounds.", ordinal: int = 0, document: str = "a.pdf") -> Chunk:
    return Chunk(f"{document}#{ordinal}", text, document, [1], 10)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("The fee is 5 pounds.", {"factual"}),
        (TABLE, {"factual", "table", "comparison"}),
        (ALIGNED, {"factual", "table", "comparison"}),
        ("1. Open the app.\n2. Choose Cards.", {"factual", "procedural"}),
        ("You can freeze the card in the app.", {"factual", "procedural"}),
        ("This page tells how to close an account.", {"factual", "procedural"}),
        ("Call the helpline at once.", {"factual", "procedural"}),
        ("Alder costs less than Birch.", {"factual", "comparison"}),
        ("Unlike Alder, Birch has no fee.", {"factual", "comparison"}),
        ("", {"factual"}),
    ],
)
def test_a_chunk_lends_itself_to_what_it_holds(text: str, kinds: set[str]) -> None:
    assert kinds_for(chunk(text), None) == kinds


@pytest.mark.parametrize(
    "text", ["| a | b |\n|---|---|", "One.   Two.", "a | b\nc | d", TABLE[:30]]
)
def test_a_header_or_a_gap_is_no_table(text: str) -> None:
    assert not has_table(text)


@pytest.mark.parametrize(
    ("first", "second", "hops"),
    [
        (("a.pdf", 0), ("a.pdf", 1), True),
        (("a#b.pdf", 2), ("a#b.pdf", 3), True),
        (("a.pdf", 1), ("a.pdf", 2), False),
        (("a.pdf", 0), ("a.pdf", 2), False),
        (("a.pdf", 0), ("b.pdf", 1), False),
    ],
)
def test_two_hops_lead_from_an_even_chunk_to_the_very_next(
    first: tuple[str, int], second: tuple[str, int], hops: bool
) -> None:
    here, there = chunk("x", first[1], first[0]), chunk("y", second[1], second[0])
    assert ("multi_hop" in kinds_for(here, there)) is hops
    assert "multi_hop" not in kinds_for(here, None)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 20])
def test_counts_add_up_and_stand_at_the_share_or_beside_it(count: int) -> None:
    for number in range(200):
        asked = ask_for(chunk(f"text {number}"), ALL - {"multi_hop"}, MIX, count, 42)
        assert sum(asked.values()) == count
        assert min(asked.values()) > 0
        for kind, of in asked.items():
            assert abs(of - count * MIX[kind] / 0.9) < 1


def test_over_many_chunks_the_mix_is_kept() -> None:
    total: Counter[str] = Counter()
    for number in range(2_000):
        able = ALL if number % 2 == 0 else ALL - {"multi_hop"}
        total.update(ask_for(chunk(f"text {number}"), able, MIX, 5, 42))
    assert {kind: total[kind] / 10_000 for kind in MIX} == pytest.approx(MIX, abs=0.015)


def test_what_a_chunk_cannot_hold_goes_to_the_rest_and_at_last_to_facts() -> None:
    assert ask_for(chunk(), {"factual"}, MIX, 5, 42) == {"factual": 5}
    assert ask_for(chunk(), {"factual"}, {"table": 1.0}, 3, 42) == {"factual": 3}
    assert ask_for(chunk(), {"factual", "table"}, {"table": 1.0, "factual": 0}, 3, 1) == {
        "table": 3
    }


def test_the_draw_depends_on_text_and_seed_and_not_on_the_place() -> None:
    drawn = {
        seed: [ask_for(chunk(str(n)), ALL, MIX, 3, seed) for n in range(50)] for seed in (1, 2)
    }
    assert drawn[1] != drawn[2]
    assert drawn[1] == [ask_for(chunk(str(n), n + 7, "z.pdf"), ALL, MIX, 3, 1) for n in range(50)]


def test_an_entry_of_an_api_is_asked_for_instructions_only() -> None:
    assert instructions(4) == {"api": 4}
