"""The same bytes uploaded again: another run, which pays the teacher and the training nothing."""

from __future__ import annotations

import pytest

from local.stack import Stack
from tests.runs.helpers import (
    PATIENCE,
    View,
    billed,
    clear_requests,
    completed,
    corpus,
    dataset,
    deployments,
    jobs,
    manifest,
    post,
    requests,
    runs_of,
    upload,
)

DOMAIN = "again"
FILES = corpus(500)


@pytest.fixture(scope="module")
def first(_shared: Stack) -> View:
    """The run that has paid."""
    upload(_shared, DOMAIN, FILES)
    return completed(_shared, DOMAIN)


def test_the_same_bytes_again_are_another_run_that_pays_nothing_twice(
    stack: Stack, first: View
) -> None:
    known_jobs = [job["id"] for job in jobs(stack)]
    clear_requests(stack)

    known = len(runs_of(stack, DOMAIN))
    upload(stack, DOMAIN, {"500.pdf": FILES["500.pdf"]})
    second = completed(stack, DOMAIN, known)

    runs = [manifest(stack, view["run"]) for view in (first, second)]
    assert runs[0]["run"] != runs[1]["run"]
    assert runs[0]["documents"][0]["etag"] != runs[1]["documents"][0]["etag"]
    assert runs[0]["documents"][1] == runs[1]["documents"][1]

    assert requests(stack, "teacher") == []
    generate = [run["stages"]["generate"] for run in runs]
    assert generate[1]["spend"]["calls"] == 0
    assert generate[1]["spend"]["reused"] == generate[0]["spend"]["calls"]
    assert generate[1]["counts"] == generate[0]["counts"]
    assert dataset(stack, second["run"]) == dataset(stack, first["run"])

    assert [job["id"] for job in jobs(stack)] == known_jobs
    assert second["student"]["job"] == first["student"]["job"]
    assert runs[1]["stages"]["train"]["spend"]["usd"] == 0
    assert (second["tokens"]["prompt"], second["tokens"]["completion"]) == billed(stack)

    # What an earlier deployment answered does not show that this one works.
    names = [view["student"]["deployment"] for view in (first, second)]
    assert len(set(names)) == 2 and set(names) <= set(deployments(stack))
    assert [call for call in requests(stack, names[1]) if call["status"] == 200]


def test_one_parameter_changed_pays_only_for_what_depends_on_it(stack: Stack, first: View) -> None:
    def again(**spec: object) -> set[str]:
        """Whom a run with this change asks before it trains."""
        clear_requests(stack)
        answer = post(stack, {"prefix": f"{DOMAIN}/", "spec": spec})
        view = stack.wait_for_run(answer.body["run"], PATIENCE)
        assert view["state"] == "completed", view["reason"]
        assert view["run"] != first["run"]
        stages = manifest(stack, view["run"])["stages"]
        paid = {
            name for name in ("ingest", "generate", "dataset") if stages[name]["spend"]["calls"]
        }
        asked = {call["deployment"] for call in requests(stack)} & {"teacher", "judge", "embedding"}
        assert bool(paid) == bool(asked)
        return asked | paid

    assert again(p=0.5) == set()
    assert again(distractors=2) == {"judge", "dataset"}
    assert again(questions=1) >= {"teacher", "judge", "generate"}
