"""Documents arrive: the blob trigger, and the sweep that finds what no event announced.

Event Grid delivers at least once and sometimes never (a cold start can refuse the first
delivery), so an event is only a hint to look at the folder: `gather` decides what to run.
"""

from __future__ import annotations

import logging

import azure.durable_functions as df
import azure.functions as func

from shared.bootstrap import services
from shared.settings import DOCUMENTS_CONNECTION, DOCUMENTS_CONTAINER, event_grid_triggers

bp = df.Blueprint()

_SOURCE = (
    func.BlobSource.EVENT_GRID if event_grid_triggers() else func.BlobSource.LOGS_AND_CONTAINER_SCAN
)


@bp.blob_trigger(
    arg_name="blob",
    path=f"{DOCUMENTS_CONTAINER}/{{name}}",
    connection=DOCUMENTS_CONNECTION,
    source=_SOURCE,
)
@bp.durable_client_input(client_name="client")
async def document_uploaded(blob: func.InputStream, client: df.DurableOrchestrationClient) -> None:
    """A blob was written: see that its domain is being gathered."""
    name = (blob.name or "").removeprefix(f"{DOCUMENTS_CONTAINER}/")
    await services().gather(client, services().documents.domain_of(name))


@bp.timer_trigger(arg_name="timer", schedule="%SWEEP_SCHEDULE%", run_on_startup=False)
@bp.durable_client_input(client_name="client")
async def sweep(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Gather every domain whose present document versions have no run."""
    for domain in await services().documents.domains():
        blobs = await services().documents.blobs_of(domain)
        if await services().runs.waits_for_start(domain, blobs):
            logging.info("the sweep found documents without a run in %s", domain)
            await services().gather(client, domain)
