"""The judge through ragas: scores in 0…1, every request paid once, trouble that costs one score."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any, get_args

import pytest

from shared.adapters import judge as module
from shared.adapters.judge import RagasJudge
from shared.contracts import Spend
from shared.errors import ModelRefusesUs, RunStopped
from shared.ports import JudgeItem
from shared.raft.costs import PriceTable
from shared.services.work import ItemCalls, StopMarkers, WorkStore
from shared.spec.evaluation import JudgeMetric
from tests.local.models.support import Server
from tests.shared.services.fakes import MemoryBlobs
from tests.shared.support import KEY, Canned, completion, endpoint

FACT = "The Meadow account charges a monthly fee of 5 pounds."
GOOD = f"The guide says ##begin_quote##{FACT}##end_quote##\n<ANSWER>: 5 pounds a month"
BAD = "The Meadow account is free of any fee for students in Alford.\n<ANSWER>: nothing"
SHARES = [
    "faithfulness",
    "answer_relevancy",
    "semantic_similarity",
    "answer_correctness",
    "factual_correctness",
]
RATINGS = ["groundedness", "similarity"]
METRICS = [*SHARES, *RATINGS, "context_precision"]

Make = Callable[..., RagasJudge]


def item(
    answer: str = GOOD,
    question: str = "What is the monthly fee?",
    metrics: Sequence[str] = METRICS,
    attempt: int = 0,
) -> JudgeItem:
    contexts = [FACT, "The Meadow branch opens at 9 o'clock on weekdays."]
    return JudgeItem(question, answer, contexts, GOOD, metrics, attempt)


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


async def test_scores_keep_to_their_scale_and_tell_good_from_bad(judge: Make) -> None:
    one = judge()
    good, bad = await one.score(item(), ledger()), await one.score(item(BAD), ledger())
    assert list(good) == METRICS == list(get_args(JudgeMetric))
    for scores in (good, bad):
        for name, value in scores.items():
            low, high = (1, 5) if name in RATINGS else (0, 1)
            assert value is not None and low <= value <= high, name
    assert all(good[name] >= bad[name] for name in METRICS)  # type: ignore[operator]
    assert (good["faithfulness"], good["groundedness"], good["similarity"]) == (1, 5, 5)
    for name in ("faithfulness", "factual_correctness", *RATINGS):
        assert bad[name] < good[name], name  # type: ignore[operator]


async def test_only_what_is_asked_for_is_scored_and_paid(judge: Make, models: Server) -> None:
    calls = ledger()
    scores = await judge().score(item(metrics=["groundedness"]), calls)
    assert list(scores) == ["groundedness"]
    assert len(models.admin("requests")["requests"]) == calls.spend.calls == 1


@pytest.mark.parametrize(
    ("contexts", "expected"),
    [([FACT, "Nothing."], 1.0), (["Nothing.", FACT], 0.5), (["Nothing."], 0.0)],
)
async def test_context_precision_is_the_average_precision_of_the_search(
    judge: Make, contexts: list[str], expected: float
) -> None:
    one = replace(item(metrics=["context_precision"]), contexts=contexts)
    scores = await judge().score(one, ledger())
    assert scores["context_precision"] == pytest.approx(expected)


async def test_another_attempt_is_another_judgement_paid_once(judge: Make, models: Server) -> None:
    store, one, asked = MemoryBlobs(), judge(), ["groundedness", "semantic_similarity"]
    first, second, again = ledger(store), ledger(store, "2"), ledger(store, "2")
    await one.score(item(metrics=asked), first)
    models.admin("requests", "DELETE")
    await one.score(item(metrics=asked, attempt=1), second)
    assert second.spend == first.spend
    assert len(models.admin("requests")["requests"]) == first.spend.calls
    await one.score(item(metrics=asked, attempt=1), again)
    assert again.spend == first.spend
    assert len(models.admin("requests")["requests"]) == first.spend.calls


@pytest.mark.parametrize(("score", "expected"), [(4, 4.0), (0, None), (6, None), (50, None)])
async def test_a_rating_off_its_scale_is_no_score(
    canned: Canned, score: int, expected: float | None
) -> None:
    canned.answers = [(200, completion(json.dumps({"feedback": "so", "score": score})))]
    at = endpoint(canned.url, "judge")
    one = RagasJudge(at, at, concurrency=asyncio.Semaphore(1), timeout=5)
    scores = await one.score(item(metrics=["similarity"]), ledger())
    assert scores == {"similarity": expected}
    await one._chat.close()
    await one._embedding.close()


async def test_the_spend_of_an_item_is_exactly_what_was_billed(judge: Make, models: Server) -> None:
    calls = ledger()
    await judge().score(item(), calls)
    assert calls.spend.calls > 10
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
    scores = await judge().score(item(metrics=["semantic_similarity", *RATINGS]), calls)
    similarity = scores.pop("semantic_similarity")
    assert similarity is not None and similarity > 0.9
    assert set(scores.values()) == {None}
    assert same(calls.spend, billed(models))


async def test_a_judge_that_hangs_costs_scores_and_not_the_evaluation(
    judge: Make, models: Server
) -> None:
    models.fault("hang", "judge", seconds=30)
    asked = item(metrics=["faithfulness", "semantic_similarity"])
    scores = await asyncio.wait_for(judge(timeout=0.1).score(asked, ledger()), 15)
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
    assert all(value is None or 0 <= value <= 5 for value in scores.values())
