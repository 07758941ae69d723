"""One tree of errors, drawn in its docstring; each has flags, a code and one line for people."""

from __future__ import annotations

import inspect
import re

import pytest

from shared import errors
from shared.errors import REASON_CHARACTERS, DocumentError, RaftError, SpecError

CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, RaftError)
}


def drawn() -> dict[str, tuple[str, str]]:
    """Class → (parent, words) as the docstring draws them."""
    tree: dict[str, tuple[str, str]] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"([│ ├└─]*)([A-Z]\w+)(?:\s{2,}(.*))?$", line)
        if match and match[2] in CLASSES:
            depth = len(match[1]) // 4
            path[depth:] = [match[2]]
            tree[match[2]] = (path[depth - 1] if depth else "Exception", match[3] or "")
    return tree


def test_the_drawing_has_every_class_under_its_parent() -> None:
    parents = {name: kind.__bases__[0].__name__ for name, kind in CLASSES.items()}
    assert {name: parent for name, (parent, _) in drawn().items()} == parents


@pytest.mark.parametrize("name", CLASSES)
def test_the_drawing_says_which_errors_are_retryable_and_fatal(name: str) -> None:
    words = drawn()[name][1]
    assert CLASSES[name].retryable == ("(retryable)" in words)
    assert CLASSES[name].fatal == ("(fatal)" in words)


@pytest.mark.parametrize("name", CLASSES)
def test_no_error_is_both_retryable_and_fatal_and_each_says_when_it_is_raised(name: str) -> None:
    assert not (CLASSES[name].retryable and CLASSES[name].fatal)
    assert CLASSES[name].__doc__


def test_leaves_have_codes_of_their_own() -> None:
    leaves = [kind for kind in CLASSES.values() if not kind.__subclasses__()]
    codes = [kind.code for kind in leaves if kind is not DocumentError]
    assert len(set(codes)) == len(codes)
    assert "error" not in codes


def test_a_reason_is_one_short_line() -> None:
    error = RaftError("line one\n\n  line two " + "x" * 2_000)
    assert error.reason.startswith("line one line two x")
    assert len(error.reason) == REASON_CHARACTERS


def test_a_spec_error_names_its_field() -> None:
    error = SpecError("splits.train", "must be under 1")
    assert (str(error), error.field) == ("splits.train: must be under 1", "splits.train")
    assert str(SpecError("", "must be JSON")) == "must be JSON"


def test_a_document_error_carries_its_code() -> None:
    assert DocumentError("encrypted", "it needs a password").code == "encrypted"
    assert not hasattr(DocumentError("damaged", "x"), "field")
