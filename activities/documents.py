"""Activities from the documents container to the run's chunks."""

from __future__ import annotations

import azure.durable_functions as df

from activities.wire import item, step
from shared.contracts import Activity, RunRef, from_wire

bp = df.Blueprint()


@bp.activity_trigger(input_name="request", activity=Activity.SURVEY_DOCUMENTS.value)
async def survey_documents(request: dict) -> dict:
    """What is in a domain's folder now."""
    return await step(lambda services: services.documents.survey(request["domain"]))


@bp.activity_trigger(input_name="request", activity=Activity.INGEST_DOCUMENT.value)
async def ingest_document(request: dict) -> dict:
    """Read and chunk one document."""
    ref = from_wire(RunRef, request)
    return await item(
        f"document {ref.index}", lambda services: services.documents.ingest(ref.run, ref.index)
    )


@bp.activity_trigger(input_name="request", activity=Activity.COLLECT_CHUNKS.value)
async def collect_chunks(request: dict) -> dict:
    """Bring the documents' chunks together."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.documents.collect(ref.run))
