"""What Azure would refuse is refused at load, with the function's name in the message."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local.host.functions import load_app
from local.host.refusals import AppError

HEAD = """
from typing import Any, Optional, TypedDict
import azure.functions as func
import azure.durable_functions as df
app = df.DFApp()

class Request(TypedDict):
    n: int
"""


def activity(annotation: str, name: str = "request") -> str:
    return f"""
@app.activity_trigger(input_name="{name}")
def work({name}{annotation}):
    return 1
"""


def route(name: str, template: str, methods: str = "['GET']", parameter: str = "req") -> str:
    return f"""
@app.route(route="{template}", methods={methods})
def {name}({parameter}: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("x")
"""


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", [*sys.path])

    def load(code: str):
        (tmp_path / "function_app.py").write_text(HEAD + code)
        return load_app(tmp_path)

    yield load
    sys.modules.pop("function_app", None)


@pytest.mark.parametrize(
    "annotation", ["", ": dict", ": str", ": int", ": Any", ": Request", ": list"]
)
def test_accepted_activity_annotations(load, annotation):
    assert set(load(activity(annotation)).activities) == {"work"}


@pytest.mark.parametrize(
    "annotation",
    [": dict | None", ": Optional[dict]", ": dict[str, int]", ": list[dict]", ": int | str"],
)
def test_refused_activity_annotations(load, annotation):
    with pytest.raises(AppError, match=r"function 'work' is refused: .*non-type annotation"):
        load(activity(annotation))


def test_refused_http_annotation(load):
    code = route("one", "one").replace("func.HttpRequest", "dict")
    with pytest.raises(AppError, match="'one' is refused: the annotation dict"):
        load(code)


def test_snake_case_input_names(load):
    with pytest.raises(AppError, match="'work' is refused: the binding name 'my_request'"):
        load(activity(": dict", "my_request"))


def test_duplicate_function_names(load):
    with pytest.raises(AppError, match="work does not have a unique function name"):
        load(activity(": dict") + activity(": dict"))


def test_parameters_without_a_binding(load):
    code = activity(": dict").replace("request: dict", "request: dict, other: dict")
    with pytest.raises(AppError, match="'work' is refused: parameters without a binding: other"):
        load(code)


def test_bindings_without_a_parameter(load):
    code = activity(": dict").replace("(request: dict)", "()")
    with pytest.raises(AppError, match="'work' is refused: bindings without a parameter: request"):
        load(code)


@pytest.mark.parametrize(
    ("first", "second"), [("a/{x}", "A/{y}"), ("a", "a/"), ("a/{x:int}", "a/{y:int}")]
)
def test_duplicate_routes(load, first, second):
    with pytest.raises(AppError, match=r"'two' is refused: its route .* function 'one'"):
        load(route("one", first) + route("two", second))


def test_same_route_for_other_methods(load):
    load(route("one", "a/{x}") + route("two", "a/{x}", "['POST']") + route("three", "a/{x:int}"))


def test_reserved_routes(load):
    with pytest.raises(AppError, match="'one' is refused: the route 'admin/x'"):
        load(route("one", "admin/x"))


def test_unsupported_bindings(load):
    code = """
@app.queue_trigger(arg_name="message", queue_name="q", connection="C")
def listen(message: func.QueueMessage) -> None:
    pass
"""
    with pytest.raises(AppError, match=r"'listen' is refused: .*'queueTrigger'"):
        load(code)


def test_command_line_says_why_and_exits_with_2(tmp_path):
    code = """
@app.blob_trigger(arg_name="blob", path="c/{name}", connection="NOT_SET")
def on_blob(blob: func.InputStream) -> None:
    pass
"""
    (tmp_path / "function_app.py").write_text(HEAD + code)
    command = [sys.executable, "-m", "local.host", "--app-dir", str(tmp_path), "--port", "0"]
    run = subprocess.run(
        [*command, "--data", str(tmp_path / "data")],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert "function 'on_blob' is refused" in run.stderr
    assert "NOT_SET" in run.stderr
    assert "Traceback" not in run.stderr
