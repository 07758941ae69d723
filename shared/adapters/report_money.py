"""What the report says of money: stages and their estimate, answers, what is left running."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.adapters.report_numbers import duration, moment, time_of, usd
from shared.adapters.svg import number

_MONTH_HOURS = 720


def stage_view(name: str, facts: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    """A stage's time, work and cost."""
    begun, ended = time_of(facts.get("started")), time_of(facts.get("ended"))
    unwanted = sum(int(number(facts.get(key)) or 0) for key in ("rejected", "failed"))
    return {
        "name": name,
        "time": duration((ended - begun).total_seconds()) if begun and ended else None,
        "spend": facts.get("spend") or {},
        "expected": expected.get("usd"),
        "problems": facts.get("problems") or [],
        "unwanted": unwanted,
        **{key: facts.get(key) for key in ("ok", "rejected", "failed")},
    }


def prices_view(prices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Prices of 1,000 answers, the dearest as 100 %, and in a sentence what the student saves."""
    known = {one["who"]: found for one in prices if (found := number(one["usd"])) is not None}
    most = max(known.values(), default=0.0)
    teacher, student = known.get("teacher"), known.get("student")
    sentence = ""
    if teacher and student:
        times = teacher / student
        sentence = (
            f"For its tokens, the teacher costs {times:.1f} times what the student costs."
            if times >= 1
            else f"For its tokens, the student costs {1 / times:.1f} times what the teacher costs."
        )
    return {
        "rows": [
            {
                **one,
                "width": 100 * known[one["who"]] / most if most and one["who"] in known else None,
            }
            for one in prices
        ],
        "student": student,
        "teacher": teacher,
        "sentence": sentence,
    }


def hosting_view(report: Mapping[str, Any]) -> dict[str, Any]:
    """What of the student is left running and what that costs: {short, small, sentences}."""
    student, spec = report["student"], report["spec"]
    platform = (spec.get("student") or {}).get("platform", "azure_openai")
    wanted = spec.get("deployment") or {}
    name = student.get("deployment")
    if not name:
        return {"short": "nothing deployed", "small": "", "sentences": ["Nothing was deployed."]}
    if gone := student.get("removed"):
        why = student.get("removed_because") or "no reason is noted"
        said = f"The deployment {name} was removed on {moment(gone)}: {why}."
        return {"short": "nothing", "small": "deployment removed", "sentences": [said]}
    if platform == "openai":
        said = f"The model {name} is served by the public platform: answers are paid by the token."
        return {"short": "no hourly fee", "small": "paid by the token", "sentences": [said]}
    hourly, sku = number(student.get("usd_per_hour")), student.get("sku")
    if platform == "azure_ml":
        said = f"The serverless endpoint {name} serves the model {student.get('model')}."
        sku = "serverless endpoint"
    else:
        rate = f"{number(student.get('capacity')) or 0:,.0f} thousand tokens a minute"
        said = f"The deployment {name} ({sku}, {rate}) serves the model {student.get('model')}."
    short, small, cost = _hourly(hourly, sku, platform)
    if kept := student.get("kept"):
        cost += f" {str(kept)[:1].upper()}{str(kept)[1:]}."
    end = _end(wanted, report.get("verdict") or {})
    sentences = [said, cost, *([end] if end else [])]
    return {"short": short, "small": small, "sentences": sentences}


def _hourly(hourly: float | None, sku: Any, platform: str) -> tuple[str, str, str]:
    if hourly:
        said = (
            f"Hosting costs {usd(hourly)} an hour, {usd(hourly * _MONTH_HOURS)} in 30 days, used "
            "or not, until it is deleted."
        )
        return f"{usd(hourly)} an hour", "until it is deleted", said
    if sku == "DeveloperTier" and platform == "azure_openai":
        return "no hourly fee", str(sku), "This SKU has no hourly hosting fee."
    said = "No hourly price is known for this model: see your agreement."
    return "no hourly price known", str(sku or ""), said


def _end(wanted: Mapping[str, Any], verdict: Mapping[str, Any]) -> str:
    """When the deployment goes by itself; '' where it stays."""
    keep = wanted.get("keep")
    if keep == "never":
        return "It is removed as soon as this report is written (keep: never)."
    if keep == "if_promoted" and not verdict.get("promoted"):
        return (
            "It is removed as soon as this report is written, since the student was not promoted "
            "(keep: if_promoted)."
        )
    if hours := number(wanted.get("ttl_hours")):
        return (
            f"It is removed by the daily sweep once {hours:g} hours have passed since it was "
            "created (ttl_hours)."
        )
    return ""
