"""Paid work: sent once per key, counted once where it is paid, never sent after a stop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.contracts import Spend
from shared.errors import ModelRefusesUs, ModelUnavailable, RunStopped
from shared.ports import ChatRequest, Reply
from shared.raft.costs import PriceTable
from shared.services import work as module
from shared.services.work import StopMarkers, WorkStore, ask
from tests.shared.services.fakes import MemoryBlobs, ScriptedChat

SHAPE = {"deployment": "teacher", "question": "Why?"}


class Service:
    """Counts what is sent, and how much of it at once."""

    def __init__(self, *errors: Exception, seconds: float = 0.01) -> None:
        self.sent = self.open = self.most = 0
        self._errors = list(errors)
        self._seconds = seconds

    async def send(self, permit: Any) -> Reply:
        await permit()
        self.sent += 1
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(self._seconds)
        self.open -= 1
        if self._errors:
            raise self._errors.pop(0)
        return Reply(f"reply {self.sent}", "gpt-4o", "stop", 1_000, 100)


PAID = Spend(1, 1_000, 100, 0.0035)


def process(blobs: MemoryBlobs) -> tuple[WorkStore, StopMarkers]:
    stops = StopMarkers(blobs)
    return WorkStore(blobs, stops, PriceTable()), stops


async def test_many_askers_of_one_thing_send_it_once_and_one_of_them_pays() -> None:
    service, (store, _) = Service(), process(MemoryBlobs())
    items = [store.item("run", str(n)) for n in range(10)]
    replies = await asyncio.gather(*(item.once("answer", SHAPE, service.send) for item in items))
    assert service.sent == 1
    assert {reply.text for reply in replies} == {"reply 1"}
    assert sum((item.spend for item in items), Spend()) == PAID + Spend(reused=9)


@pytest.mark.parametrize(
    ("kind", "shape"), [("question", SHAPE), ("answer", {**SHAPE, "question": "How?"})]
)
async def test_another_kind_or_shape_is_another_call(kind: str, shape: dict[str, str]) -> None:
    service, (store, _) = Service(), process(MemoryBlobs())
    item = store.item("run", "1")
    await item.once("answer", SHAPE, service.send)
    await item.once(kind, shape, service.send)
    assert service.sent == 2
    assert item.spend == PAID + PAID


async def test_the_order_of_a_shapes_fields_is_no_difference() -> None:
    service, (store, _) = Service(), process(MemoryBlobs())
    item = store.item("run", "1")
    await item.once("answer", SHAPE, service.send)
    await item.once("answer", dict(reversed(SHAPE.items())), service.send)
    assert service.sent == 1


async def test_a_killed_item_that_runs_again_sends_nothing_and_counts_the_same() -> None:
    blobs, service = MemoryBlobs(), Service()
    for _ in range(2):
        item = process(blobs)[0].item("run", "1")
        await item.once("answer", SHAPE, service.send)
        assert item.spend == PAID
    assert service.sent == 1


async def test_what_an_item_asks_three_times_it_counts_once() -> None:
    blobs, service = MemoryBlobs(), Service()
    payer, other = (process(blobs)[0].item("run", name) for name in "12")
    for item in (payer, other):
        for _ in range(3):
            await item.once("judge", SHAPE, service.send)
    assert (payer.spend, other.spend) == (PAID, Spend(reused=1))


async def test_a_run_pays_nothing_for_what_an_earlier_run_paid() -> None:
    store, _ = process(MemoryBlobs())
    service, later = Service(), store.item("later", "1")
    await store.item("earlier", "1").once("answer", SHAPE, service.send)
    assert (await later.once("answer", SHAPE, service.send)).text == "reply 1"
    assert later.spend == Spend(reused=1)


async def test_two_instances_that_ask_at_once_count_both_bills_and_agree_on_the_reply() -> None:
    blobs, service = MemoryBlobs(), Service()
    items = [process(blobs)[0].item("run", str(n)) for n in range(2)]
    replies = await asyncio.gather(*(item.once("answer", SHAPE, service.send) for item in items))
    assert service.sent == 2
    assert len({reply.text for reply in replies}) == 1
    assert [item.spend for item in items] == [PAID, PAID]


async def test_a_failed_call_is_not_kept_and_never_overlaps_the_next() -> None:
    service = Service(ModelUnavailable("busy"), seconds=0.02)
    store, _ = process(MemoryBlobs())
    first, second, third = (store.item("run", str(n)) for n in range(3))
    tasks = [asyncio.create_task(i.once("answer", SHAPE, service.send)) for i in (first, second)]
    with pytest.raises(ModelUnavailable):
        await tasks[0]
    await third.once("answer", SHAPE, service.send)  # arrives while the second one flies
    await tasks[1]
    assert (service.sent, service.most) == (2, 1)
    assert first.spend == Spend()
    assert second.spend + third.spend == PAID + Spend(reused=1)


async def test_flights_are_forgotten_when_they_are_over() -> None:
    store, _ = process(MemoryBlobs())
    service = Service()
    for n in range(20):
        await store.item("run", "1").once("answer", {"n": n}, service.send)
    assert len(store._flights) == 0


async def test_a_stop_holds_at_once_for_its_run_and_keeps_the_first_reason() -> None:
    service, (store, stops) = Service(), process(MemoryBlobs())
    item = store.item("run", "1")
    await item.once("answer", SHAPE, service.send)
    await stops.stop("run", "over its budget")
    await stops.stop("run", "another reason")
    with pytest.raises(RunStopped, match=r"over its budget$") as caught:
        await item.once("answer", {"new": 1}, service.send)
    assert caught.value.fatal
    assert service.sent == 1
    await store.item("other", "1").once("answer", {"new": 1}, service.send)
    assert service.sent == 2


async def test_what_is_stored_is_still_answered_after_a_stop() -> None:
    service, (store, stops) = Service(), process(MemoryBlobs())
    await store.item("run", "1").once("answer", SHAPE, service.send)
    await stops.stop("run", "told to")
    assert (await store.item("run", "1").once("answer", SHAPE, service.send)).text == "reply 1"


async def test_a_stop_reaches_another_process_within_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = 100.0
    monkeypatch.setattr(module.time, "monotonic", lambda: clock)
    blobs, service = MemoryBlobs(), Service(seconds=0)
    here, there = process(blobs), process(blobs)
    await there[0].item("run", "1").once("answer", SHAPE, service.send)
    await here[1].stop("run", "told to")
    clock += 1.0
    with pytest.raises(RunStopped, match="told to"):
        await there[0].item("run", "1").once("answer", {"new": 1}, service.send)


async def test_the_marker_is_looked_at_once_a_second_and_not_for_every_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module.time, "monotonic", lambda: 100.0)
    blobs, service = MemoryBlobs(), Service(seconds=0)
    store, _ = process(blobs)
    for n in range(5):
        await store.item("run", "1").once("answer", {"n": n}, service.send)
    assert blobs.reads.count("run/stop.json") == 1


async def test_a_model_that_refuses_us_stops_the_run_and_no_other() -> None:
    refusing = Service(ModelRefusesUs("teacher answered 401"))
    store, _ = process(MemoryBlobs())
    with pytest.raises(ModelRefusesUs):
        await store.item("run", "1").once("answer", SHAPE, refusing.send)
    for _ in range(3):
        with pytest.raises(RunStopped) as caught:
            await store.item("run", "2").once("answer", {"new": 1}, refusing.send)
    assert caught.value.reason.count("stopped") == 1
    await store.item("other", "1").once("answer", SHAPE, refusing.send)
    assert refusing.sent == 2


async def test_asking_keys_by_request_and_by_the_model_where_one_is_named() -> None:
    store, _ = process(MemoryBlobs())
    chats = [ScriptedChat(lambda _: "yes", name) for name in ("raft-1", "raft-2")]
    request = ChatRequest([{"role": "user", "content": "Well?"}])
    item = store.item("run", "1")
    for chat in chats:
        await ask(item, "answer", chat, request)
        await ask(item, "answer", chat, request, model="ft:model")
    await ask(item, "answer", chats[0], ChatRequest(request.messages, seed=1))
    assert [len(chat.requests) for chat in chats] == [3, 1]
