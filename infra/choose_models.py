"""Chooses a model for each role, and a region that has them all, for `azd up`.

    python infra/choose_models.py                      asks, where there is a terminal
    python infra/choose_models.py --student gpt-4.1-mini-2025-04-14 --location eastus2
    python infra/choose_models.py --check              looks whether azd's values fit together

What is chosen is written with `azd env set`; what is not said is completed from models.yaml, in
its order of preference. A model that is not in the list may be named as name@version: it is taken
at its word. Rules: the judge is another model than the teacher, and the baseline is the student's
own base, each unless asked for otherwise.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

ROLES = ("student", "teacher", "judge", "baseline", "embedding", "vision")
OPTIONAL = {"vision"}  # others may be none where an endpoint of your own stands in for them
NONE = "none"
CATALOG = Path(__file__).with_name("models.yaml")


class Impossible(Exception):
    """No region has everything that was wished for; the words say what stands in the way."""


@dataclass(frozen=True)
class Offer:
    """A model in one role. `regions` is None where no region is known, or none matters."""

    role: str
    model: str
    platform: str
    sku: str = "GlobalStandard"
    regions: frozenset[str] | None = None
    base: str = ""
    listed: bool = True

    @property
    def key(self) -> str:
        """How a student is asked for where two platforms have it; a model's name otherwise."""
        return f"{self.platform}:{self.model}" if self.role == "student" else self.model


@dataclass(frozen=True)
class Catalog:
    """What models.yaml offers: by role, and the regions where the app itself can be."""

    offers: Mapping[str, tuple[Offer, ...]]
    app_regions: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """A model for each role and a region that has them all."""

    region: str
    offers: Mapping[str, Offer] = field(default_factory=dict)


def load_catalog(path: Path = CATALOG) -> Catalog:
    """The catalog of models.yaml."""
    import yaml

    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    by_role: dict[str, list[Offer]] = {role: [] for role in ROLES}
    for entry in data["models"]:
        for role in entry["roles"]:
            by_role[role].append(
                Offer(role, entry["model"], entry["platform"], entry["sku"], _regions(entry))
            )
    for entry in data["students"]:
        base = entry.get("base", "")
        student = Offer("student", entry["model"], entry["platform"], "", _regions(entry), base)
        by_role["student"].append(student)
    first = data["preferred"]
    offers = {
        role: tuple(sorted(found, key=lambda one, role=role: one.model != first[role]))
        for role, found in by_role.items()
    }
    return Catalog(offers, tuple(data["app"]["regions"]))


def choose(catalog: Catalog, wishes: Mapping[str, str], region: str = "") -> Choice:
    """The first complete choice that keeps the wishes (by role); raises Impossible."""
    if region and region not in catalog.app_regions:
        raise Impossible(
            f"the app cannot be in {region} as far as models.yaml knows; it can be in "
            f"{', '.join(sorted(catalog.app_regions))}"
        )
    if found := _possible(catalog, wishes, region):
        return found
    raise Impossible(_why_not(catalog, wishes, region))


def offered(
    catalog: Catalog, role: str, wishes: Mapping[str, str], region: str = ""
) -> tuple[Offer, ...]:
    """The role's models with which the wishes so far can still be completed."""
    return tuple(
        offer
        for offer in catalog.offers[role]
        if _possible(catalog, {**wishes, role: offer.key}, region)
    )


def regions_of(catalog: Catalog, choice: Choice) -> tuple[str, ...]:
    """All regions that have every model of the choice and can have the app, preferred first."""
    return _common(catalog, choice.offers, "")


def environment_of(choice: Choice) -> dict[str, str]:
    """The azd environment values of a choice. A student is the runs' own: see raft.yaml."""
    values = {"AZURE_LOCATION": choice.region}
    for role, offer in choice.offers.items():
        if role != "student":
            values[f"{role.upper()}_MODEL"] = offer.model
            if offer.sku:
                values[f"{role.upper()}_SKU"] = offer.sku
    serverless = choice.offers["student"].platform == "azure_ml"
    values["ML_ENABLED"] = "true" if serverless else "false"
    return values


def _regions(entry: Mapping[str, Any]) -> frozenset[str] | None:
    return None if entry["regions"] == "anywhere" else frozenset(entry["regions"])


def _candidates(catalog: Catalog, role: str, wish: str) -> tuple[Offer, ...]:
    """What may fill the role: all it has, or what the wish names."""
    offers = catalog.offers[role]
    if not wish:
        return offers
    if wish == NONE:
        if role == "student":
            raise Impossible("student: there must be one, the runs train it")
        return (Offer(role, NONE, "azure_openai", sku=""),)
    named = [one for one in offers if wish in (one.key, one.model, one.model.partition("@")[0])]
    if named:
        return tuple(named)
    if "@" in wish.strip("@") and role != "student":
        return (Offer(role, wish, "azure_openai", listed=False),)
    known = ", ".join(one.key for one in offers)
    raise Impossible(f"{role}: no model {wish} is known; known are {known}, or any name@version")


def _combinations(
    candidates: Mapping[str, tuple[Offer, ...]],
    wishes: Mapping[str, str],
    taken: dict[str, Offer],
) -> Iterator[dict[str, Offer]]:
    """Complete choices by preference, those that break a rule nobody asked to break left out."""
    role = next((role for role in ROLES if role not in taken), None)
    if role is None:
        yield taken
        return
    for offer in candidates[role]:
        if not wishes.get(role) and not _keeps_rules(role, offer, taken):
            continue
        yield from _combinations(candidates, wishes, {**taken, role: offer})


def _keeps_rules(role: str, offer: Offer, taken: Mapping[str, Offer]) -> bool:
    if role == "judge":
        return offer.model != taken["teacher"].model
    if role == "baseline":
        return not taken["student"].base or offer.model == taken["student"].base
    return True


def _common(catalog: Catalog, offers: Mapping[str, Offer], region: str) -> tuple[str, ...]:
    known = [offer.regions for offer in offers.values() if offer.regions is not None]
    common = reduce(frozenset.intersection, known, frozenset(catalog.app_regions))
    return tuple(one for one in catalog.app_regions if one in common and region in ("", one))


def _why_not(catalog: Catalog, wishes: Mapping[str, str], region: str) -> str:
    """Where each wish can be met, and which one, given up, makes the others possible."""
    lines = [f"no region has all that is wished for{f' and is {region}' if region else ''}:"]
    for role, wish in wishes.items():
        where = [_common(catalog, {role: offer}, "") for offer in _candidates(catalog, role, wish)]
        names = sorted({name for regions in where for name in regions})
        lines.append(f"  {role} {wish}: {', '.join(names) or 'no region of the app'}")
    for role in wishes:
        others = {one: wish for one, wish in wishes.items() if one != role}
        if found := _possible(catalog, others, region):
            lines.append(f"  possible with another {role}, for example {found.offers[role].model}")
    if region and (found := _possible(catalog, wishes, "")):
        lines.append(f"  possible in another region, for example {found.region}")
    return "\n".join(lines)


def _possible(catalog: Catalog, wishes: Mapping[str, str], region: str) -> Choice | None:
    """The first choice among all complete ones; None where there is none."""
    candidates = {role: _candidates(catalog, role, wishes.get(role, "")) for role in ROLES}
    for offers in _combinations(candidates, wishes, {}):
        if regions := _common(catalog, offers, region):
            return Choice(regions[0], offers)
    return None


def _ask(catalog: Catalog, wishes: dict[str, str], region: str) -> Choice:
    """Questions for what was not said, each with only what can still be completed."""
    for role in ROLES:
        if wishes.get(role):
            continue
        options = [offer.key for offer in offered(catalog, role, wishes, region)]
        if role in OPTIONAL:
            options.append(NONE)
        first = choose(catalog, wishes, region).offers[role].key
        wishes[role] = _pick(role, options, first)
    choice = choose(catalog, wishes, region)
    if not region:
        region = _pick("region", list(regions_of(catalog, choice)), choice.region)
    return choose(catalog, wishes, region)


def _pick(what: str, options: list[str], first: str) -> str:
    print(f"{what}:")
    for number, option in enumerate(options, 1):
        print(f"  {number:2} {option}{'  (suggested)' if option == first else ''}")
    while True:
        answer = input(f"number of the {what} [{options.index(first) + 1}]: ").strip()
        if not answer:
            return first
        if answer.isdecimal() and 1 <= int(answer) <= len(options):
            return options[int(answer) - 1]
        print(f"a number from 1 to {len(options)}")


def _from_environment(environ: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Wishes as they stand in azd's values, which hooks get as environment variables."""
    wishes = {role: environ.get(f"{role.upper()}_MODEL", "") for role in ROLES[1:]}
    return {role: wish for role, wish in wishes.items() if wish}, environ.get("AZURE_LOCATION", "")


def _write(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        subprocess.run(["azd", "env", "set", name, value], check=True)


def _show(choice: Choice) -> None:
    print(f"{'region':10} {choice.region}")
    for role, offer in choice.offers.items():
        note = (
            "" if offer.listed else "  (not in models.yaml: whether the region has it is unknown)"
        )
        print(f"{role:10} {offer.model} {offer.sku}".rstrip() + note)
    student = choice.offers["student"]
    print("raft.yaml of your documents:")
    print(f"  student: {{platform: {student.platform}, model: '{student.model}'}}")


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0; 1 when azd fails; 2 when the wishes cannot be met together."""
    parser = argparse.ArgumentParser(description="Choose models and a region for azd up.")
    for role in ROLES:
        parser.add_argument(f"--{role}", default="", metavar="MODEL")
    parser.add_argument("--location", default="", metavar="REGION")
    parser.add_argument("--check", action="store_true", help="only look at azd's present values")
    parser.add_argument("--dry-run", action="store_true", help="show, but write nothing")
    given = parser.parse_args(arguments)
    catalog = load_catalog()
    wishes = {role: getattr(given, role) for role in ROLES if getattr(given, role)}
    try:
        if given.check:
            wishes, region = _from_environment(os.environ)
            choose(catalog, wishes, region)
            return 0
        asks = not wishes and sys.stdin.isatty()
        region = given.location
        choice = _ask(catalog, wishes, region) if asks else choose(catalog, wishes, region)
    except Impossible as error:
        print(error, file=sys.stderr)
        return 2
    _show(choice)
    if given.dry_run:
        return 0
    try:
        _write(environment_of(choice))
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"azd env set failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
