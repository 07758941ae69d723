"""The grader of reinforcement fine-tuning: what our own checks say of an answer, as a reward.

Usually a `multi` grader without a model, so grading costs nothing and is the same each time: a
`string_check` for the exact final answer, and a `python` grader for how near the final answer is
and whether its quotes are verbatim in the documents and are the ones that answer the question.
A spec may weigh in `text_similarity` and `score_model`.
Forms and limits: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/reinforcement-fine-tuning
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from shared.errors import JobError

Grader = dict[str, Any]

GRADE_SOURCE = r'''
import re
from collections import Counter


def squash(text):
    return " ".join(str(text).split())


def final_answer(output):
    return output.rpartition("<ANSWER>")[2].strip(" :*\n") if "<ANSWER>" in output else ""


def closeness(given, wanted):
    """F1 over the words of both."""
    ours, theirs = (Counter(re.findall(r"\w+", text.casefold())) for text in (given, wanted))
    total = sum(ours.values()) + sum(theirs.values())
    return 2 * sum((ours & theirs).values()) / total if total else 0.0


def overlap(quote, wanted):
    """1 for the same text, less for a part of it or for more than it, 0 for another."""
    if quote in wanted or wanted in quote:
        return min(len(quote), len(wanted)) / max(len(quote), len(wanted))
    return 0.0


def evidence(quotes, wanted, documents):
    """Share of the quotes that are verbatim, times how much of the wanted ones they cover."""
    verbatim = [quote for quote in quotes if any(quote in text for text in documents)]
    if not verbatim:
        return 0.0
    covered = [max(overlap(quote, one) for quote in verbatim) for one in wanted]
    return len(verbatim) / len(quotes) * sum(covered) / len(covered)


def grade(sample, item):
    try:
        output = str(sample.get("output_text") or "")
        near = closeness(final_answer(output), str(item["reference_answer"]))
        quotes = re.findall(r"##begin_quote##(.*?)##end_quote##", output, re.DOTALL)
        quotes = [squash(quote) for quote in quotes if squash(quote)]
        wanted = [squash(quote) for quote in item["reference_quotes"]]
        if not wanted:
            return 0.0 if quotes else near
        documents = [squash(text) for text in item["documents"]]
        return near * (1 + evidence(quotes, wanted, documents)) / 2
    except Exception:
        return 0.0
'''

_JUDGE_PROMPT = """\
Grade an answer to a question over documents. Give 1.0 when its final answer says what the
reference says and its quotes are the reference's, 0.5 when only one of the two holds, else 0.0.

Reference answer: {{item.reference_answer}}
Reference quotes: {{item.reference_quotes}}
Answer: {{sample.output_text}}"""

_PARTS: Mapping[str, Grader] = {
    "exact": {
        "type": "string_check",
        "name": "final answer",
        "operation": "ilike",
        "input": "{{sample.output_text}}",
        "reference": "<ANSWER>: {{item.reference_answer}}",
    },
    "grounded": {
        "type": "python",
        "name": "final answer and quotes",
        "source": GRADE_SOURCE.lstrip(),
    },
    "similar": {
        "type": "text_similarity",
        "name": "likeness to the label",
        "evaluation_metric": "fuzzy_match",
        "input": "{{sample.output_text}}",
        "reference": "{{item.label}}",
    },
    "judged": {
        "type": "score_model",
        "name": "a model's opinion",
        "input": [{"role": "user", "content": _JUDGE_PROMPT}],
        "range": [0, 1],
    },
}

_ALLOWED_IMPORTS = ("collections", "math", "re", "string")
_SOURCE_BYTES = 256_000
_REFERENCE = re.compile(r"\{\{\s*item\.(\w+)\s*\}\}")
_FORMULA_WORDS = {"min", "max", "abs", "floor", "ceil", "exp", "sqrt", "log"}


def answer_grader(weights: Mapping[str, float], judge_model: str) -> Grader:
    """The grader of rows written by `exports.reinforcement_record`; its reward is in 0…1.

    `weights` name the parts and their shares: exact, grounded, similar, judged (by `judge_model`).
    One part alone is itself the grader, several are a `multi` one.
    """
    parts = {name: _PARTS[name] for name in weights}
    if "judged" in parts:
        parts["judged"] = {**parts["judged"], "model": judge_model}
    if len(parts) == 1:
        (part,) = parts.values()
        return dict(part)
    total = sum(weights.values())
    formula = " + ".join(f"{weight / total:g} * {name}" for name, weight in weights.items())
    return {"type": "multi", "name": "raft", "graders": parts, "calculate_output": formula}


def validate_grader(grader: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    """Check a grader against a row of its dataset before a job with it is paid for.

    Nothing is executed. Raises JobError when the formula names what is no grader, a template or
    the python source reads a field that the row does not have, or the source does not compile,
    imports more than it should, or has no `grade(sample, item)`.
    """
    parts: Mapping[str, Mapping[str, Any]] = grader.get("graders") or {"grader": grader}
    formula = grader.get("calculate_output", "")
    unknown = set(re.findall(r"[A-Za-z_]\w*", formula)) - _FORMULA_WORDS
    if missing := unknown - parts.keys():
        raise _bad(f"calculate_output names {', '.join(sorted(missing))}, which is no grader")
    for name, part in parts.items():
        read = {field for text in part.values() for field in _REFERENCE.findall(str(text))}
        if part["type"] == "python":
            read |= _fields_read(part["source"])
        if missing := read - row.keys():
            raise _bad(f"{name} reads {', '.join(sorted(missing))}, which the rows do not have")


def _fields_read(source: str) -> set[str]:
    """Fields of `item` that a python grader reads; raises JobError when it is no grader."""
    if len(source.encode()) > _SOURCE_BYTES:
        raise _bad(f"the python source is over {_SOURCE_BYTES} bytes")
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise _bad(f"the python source does not compile: {error}") from None
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found = functions.get("grade")
    if found is None or [arg.arg for arg in found.args.args] != ["sample", "item"]:
        raise _bad("the python source has no function grade(sample, item)")
    fields = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                _allow(*(each.name for each in names))
            case ast.ImportFrom(module=module):
                _allow(module or ".")
            case ast.Subscript(value=ast.Name(id="item"), slice=ast.Constant(value=str(field))):
                fields.add(field)
    return fields


def _allow(*modules: str) -> None:
    for module in modules:
        if module not in _ALLOWED_IMPORTS:
            raise _bad(f"the python source imports {module}")


def _bad(why: str) -> JobError:
    return JobError(f"the grader cannot be used: {why}")
