"""Refuses reinforcement graders whose form Azure does not document."""

import ast
from typing import Any

from local.models.errors import ApiError

FIELDS: dict[str, tuple[str, ...]] = {
    "string_check": ("name", "operation", "input", "reference"),
    "text_similarity": ("name", "evaluation_metric", "input", "reference"),
    "python": ("name", "source"),
    "score_model": ("name", "model", "input"),
    "multi": ("name", "graders", "calculate_output"),
}
OPTIONAL = ("type", "pass_threshold", "image_tag", "range", "sampling_params")
OPERATIONS = ("eq", "ne", "like", "ilike")


def check_grader(grader: Any, nested: bool = False) -> None:
    """ApiError 400 unless this is one of the documented graders, with all that it needs."""
    kind = grader.get("type") if isinstance(grader, dict) else None
    if kind not in FIELDS or (nested and kind == "multi"):
        raise _refused(f"a grader is required, of a known type, not {kind!r}")
    if missing := [name for name in FIELDS[kind] if not grader.get(name)]:
        raise _refused(f"the {kind} grader lacks {', '.join(missing)}")
    if unknown := grader.keys() - {*OPTIONAL, *FIELDS[kind]}:
        raise _refused(f"the {kind} grader has no {', '.join(sorted(unknown))}")
    if kind == "string_check" and grader["operation"] not in OPERATIONS:
        raise _refused(f"unknown operation {grader['operation']!r}")
    if kind == "python":
        _check_source(grader["source"])
    if kind == "multi":
        if not isinstance(grader["graders"], dict):
            raise _refused("the multi grader's graders must be an object by name")
        for each in grader["graders"].values():
            check_grader(each, nested=True)


def _check_source(source: str) -> None:
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise _refused(f"the python grader does not compile: {error}") from None
    grades = [each for each in body if isinstance(each, ast.FunctionDef) and each.name == "grade"]
    if not grades or len(grades[0].args.args) != 2:
        raise _refused("the python grader needs a function grade(sample, item)")


def _refused(why: str) -> ApiError:
    return ApiError(400, "invalidPayload", f"Invalid grader: {why}.", param="method")
