"""Starts orchestrations so that starting twice is starting once, and wakes those that wait."""

from __future__ import annotations

from typing import Any

from azure.durable_functions import DurableOrchestrationClient

from shared.contracts import wait_ids


async def start_once(
    client: DurableOrchestrationClient, name: str, instance: str, payload: dict[str, Any]
) -> None:
    """Start an orchestration unless its id is already there; both are success.

    "Get the status, then start" would be a race: start, and look only when that is refused.
    """
    try:
        await client.start_new(name, instance_id=instance, client_input=payload)
    except Exception:
        status = await client.get_status(instance)
        if not status or status.runtime_status is None:
            raise


async def wake(client: DurableOrchestrationClient, run: str, event: str) -> None:
    """Raise an event to a run and to the waits for the cloud that it may be in.

    What has ended or not begun needs none, and is no error.
    """
    for instance in (run, *wait_ids(run)):
        try:
            await client.raise_event(instance, event)
        except Exception as error:  # the SDK has no types for these answers
            if not any(words in str(error) for words in ("is gone", "No instance")):
                raise
