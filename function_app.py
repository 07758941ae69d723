"""The function app: registers every blueprint, and does nothing else."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

import activities.dataset
import activities.deployment
import activities.documents
import activities.evaluation
import activities.generation
import activities.runs
import activities.training
import console.routes
import orchestrators.evaluate
import orchestrators.gather
import orchestrators.generate
import orchestrators.ingest
import orchestrators.poll_job
import orchestrators.prefer
import orchestrators.raft_run
import orchestrators.verify
import triggers.answering
import triggers.decisions
import triggers.deployments
import triggers.documents
import triggers.results
import triggers.runs

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

for module in (
    triggers.documents,
    triggers.runs,
    triggers.decisions,
    triggers.deployments,
    triggers.results,
    triggers.answering,
    console.routes,
    orchestrators.gather,
    orchestrators.raft_run,
    orchestrators.ingest,
    orchestrators.generate,
    orchestrators.verify,
    orchestrators.prefer,
    orchestrators.evaluate,
    orchestrators.poll_job,
    activities.runs,
    activities.documents,
    activities.generation,
    activities.dataset,
    activities.training,
    activities.deployment,
    activities.evaluation,
):
    app.register_functions(module.bp)
