"""The judge through ragas: scores in 0…1, every request paid once, trouble that costs one score."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from shared.adapters import judge as module
from shared.adapters.judge import RagasJudge
from shared.contracts import Spend
from shared.errors import ModelRefusesUs, RunStopped
from shared.ports import JudgeItem
from shared.raft.costs import PriceTable
from shared.services.work import ItemCalls, StopMarkers, WorkStore
from tests.local.models.support import Server
from tests.shared.services.fakes import MemoryBlobs
from tests.shared.support import KEY, endpoint

FACT = "The Meadow account charges a monthly fee of 5 pounds."
GOOD = f"The guide says ##begin_quote##{FACT}##end_quote##\n<ANSWER>: 5 pounds a month"
BAD = "The Meadow account is free of any fee for students in Alford.\n<ANSWER>: nothing"
METRICS = ["faithfulness", "answer_relevancy", "semantic_similarity", "answer_correctness"]

Make = Callable[..., RagasJudge]


def item(answer: str = GOOD, question: str = "What is the monthly fee?") -> JudgeItem:
    contexts = [FACT, "The Meadow branch opens at 9 o'clock on weekdays."]
    return JudgeItem(question, answer, contexts, GOOD)


@pytest.fixture
async def judge(models: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    """Makes judges that try a request twice (not seven times), and closes their connections."""
    connect = module.connect_model
    monkeypatch.setattr(
        module, "connect_model", lambda at, **more: connect(at, **{**more, "max_retries": 1})
    )
    made: list[RagasJudge] = []

    def make(places: int = 8, timeout: float = 5) -> RagasJudge:
        ends = endpoint(models.url, "judge"), endpoint(models.url, "embedding")
        made.append(RagasJudge(*ends, concurrency=asyncio.Semaphore(places), timeout=timeout))
        return made[-1]

    yield make
    for one in made:
        await one._chat.close()
        await one._embedding.close()


def ledger(store: MemoryBlobs | None = None, name: str = "1") -> ItemCalls:
    blobs = MemoryBlobs() if store is None else store
    return WorkStore(blobs, StopMarkers(blobs), PriceTable()).item("run", name)


def billed(models: Server) -> Spend:
    """What the stand-in billed, as a spend."""
    total = Spend()
    for name, row in models.admin("ledger")["deployments"].items():
        model = {"judge": "gpt-4o", "embedding": "text-embedding-3-large"}[name]
        prompt, answer = row["prompt_tokens"], row["completion_tokens"]
        total += Spend(row["calls"], prompt, answer, PriceTable().call_cost(model, prompt, answer))
    return total


def same(left: Spend, right: Spend) -> bool:
    tokens = (left.calls, left.prompt_tokens, left.completion_tokens)
    return tokens == (right.calls, right.prompt_tokens, right.completion_tokens) and (
        left.usd == pytest.approx(right.usd)
    )


async def test_scores_are_shares_and_tell_good_from_bad(judge: Make) -> None:
    one = judge()
    good, bad = await one.score(item(), ledger()), await one.score(item(BAD), ledger())
    assert list(good) == list(one.metrics) == METRICS
    for scores in (good, bad):
        assert all(value is not None and 0 <= value <= 1 for value in scores.values())
    assert all(good[name] >= bad[name] for name in METRICS)  # type: ignore[operator]
    assert good["faithfulness"] == 1
    assert bad["faithfulness"] < 1  # type: ignore[operator]


async def test_the_spend_of_an_item_is_exactly_what_was_billed(judge: Make, models: Server) -> None:
    calls = ledger()
    await judge().score(item(), calls)
    assert calls.spend.calls > 4
    assert same(calls.spend, billed(models))
    requests = models.admin("requests")["requests"]
    assert len({entry["body_sha256"] for entry in requests}) == len(requests) == calls.spend.calls


async def test_a_second_scoring_sends_nothing_and_gives_the_same(
    judge: Make, models: Server
) -> None:
    store, one = MemoryBlobs(), judge()
    first, repeated, other = ledger(store), ledger(store), ledger(store, "2")
    scores = await one.score(item(), first)
    models.admin("requests", "DELETE")
    assert await judge().score(item(), repeated) == scores
    assert await one.score(item(), other) == scores
    assert models.admin("requests")["requests"] == []
    assert repeated.spend == first.spend
    assert other.spend == Spend(reused=first.spend.calls)


async def test_items_judged_at_once_pay_for_themselves_and_keep_to_the_places(
    judge: Make, models: Server
) -> None:
    models.fault("latency", "judge", ms=20)
    one, store = judge(places=2), MemoryBlobs()
    items = [item(question=f"What is the fee of month {n}?") for n in range(4)]
    calls = [ledger(store, str(n)) for n in range(4)]
    scores = await asyncio.gather(*map(one.score, items, calls))
    total = sum((each.spend for each in calls), Spend())
    assert same(total, billed(models))
    assert None not in {value for each in scores for value in each.values()}
    assert models.admin("status")["max_in_flight"] <= 2


@pytest.mark.parametrize("deployment", ["judge", "embedding"])
async def test_a_refused_key_surfaces_and_shows_no_key(
    judge: Make, models: Server, deployment: str
) -> None:
    models.fault("unauthorized", deployment)
    with pytest.raises(ModelRefusesUs, match="401") as caught:
        await judge().score(item(), ledger())
    assert KEY not in str(caught.value)


async def test_a_stopped_run_surfaces_and_sends_nothing(judge: Make, models: Server) -> None:
    blobs = MemoryBlobs()
    stops = StopMarkers(blobs)
    await stops.stop("run", "over its budget")
    with pytest.raises(RunStopped, match="over its budget"):
        await judge().score(item(), WorkStore(blobs, stops, PriceTable()).item("run", "1"))
    assert models.admin("requests")["requests"] == []


async def test_an_error_that_passes_costs_nothing(judge: Make, models: Server) -> None:
    models.fault("server_error", "judge", count=1)
    calls = ledger()
    scores = await judge().score(item(), calls)
    assert None not in scores.values()
    assert same(calls.spend, billed(models))


async def test_an_error_that_never_ends_costs_the_scores_that_need_that_model(
    judge: Make, models: Server
) -> None:
    models.fault("server_error", "judge")
    calls = ledger()
    scores = await judge().score(item(), calls)
    similarity = scores.pop("semantic_similarity")
    assert similarity is not None and similarity > 0.9
    assert set(scores.values()) == {None}
    assert same(calls.spend, billed(models))


async def test_a_judge_that_hangs_costs_scores_and_not_the_evaluation(
    judge: Make, models: Server
) -> None:
    models.fault("hang", "judge", seconds=30)
    scores = await asyncio.wait_for(judge(timeout=0.1).score(item(), ledger()), 15)
    assert scores["faithfulness"] is None
    assert scores["semantic_similarity"] is not None


async def test_replies_that_are_no_json_are_paid_and_give_no_score(
    judge: Make, models: Server
) -> None:
    models.fault("malformed", "judge")
    calls = ledger()
    scores = await judge().score(item(), calls)
    assert scores["faithfulness"] is None
    assert scores["answer_correctness"] is None
    assert same(calls.spend, billed(models))


async def test_a_reply_that_is_no_json_once_is_asked_again(judge: Make, models: Server) -> None:
    models.fault("malformed", "judge", count=1)
    calls = ledger()
    scores: dict[str, Any] = await judge().score(item(), calls)
    assert scores["faithfulness"] == 1
    assert same(calls.spend, billed(models))


async def test_an_answer_of_nothing_is_scored_without_an_exception(judge: Make) -> None:
    scores = await judge().score(item("(no answer)"), ledger())
    assert all(value is None or 0 <= value <= 1 for value in scores.values())
