"""HTTP route templates as Azure Functions reads them: literals, `{param}`, `{param:int}`,
`{param?}` and a final `{*rest}`.

Matching ignores case. Where several templates match, literals win over constrained parameters,
these over plain ones, and a catch-all comes last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

_PARAMETER = re.compile(r"\{(\*?)(\w+)(?::([^{}?]+))?(\??)\}")
_CONSTRAINTS = {
    "int": r"-?\d+",
    "long": r"-?\d+",
    "alpha": r"[A-Za-z]+",
    "bool": r"true|false",
    "decimal": r"-?\d+(?:\.\d+)?",
    "double": r"-?\d+(?:\.\d+)?",
    "float": r"-?\d+(?:\.\d+)?",
    "guid": r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}",
}


class RouteError(ValueError):
    """A template that cannot be read."""


@dataclass(frozen=True)
class Route:
    template: str
    methods: frozenset[str]
    pattern: re.Pattern[str]
    rank: tuple[int, ...]
    shape: str

    @classmethod
    def parse(cls, template: str, methods: Iterable[str] | None) -> Route:
        """`methods` None or empty means every method."""
        template = template.strip("/")
        pattern, shape = "", list[str]()
        rank: list[int] = []
        for segment in template.split("/") if template else ():
            text, weight, optional = _segment(template, segment)
            pattern += f"(?:/{text})?" if optional else f"/{text}"
            rank.append(weight)
            shape.append(_PARAMETER.sub(lambda m: f"{{{m[1]}{m[3] or ''}{m[4]}}}", segment))
        return cls(
            template=template,
            methods=frozenset(method.upper() for method in methods or ()),
            pattern=re.compile(pattern + "/?", re.IGNORECASE),
            rank=tuple(rank),
            shape="/".join(shape).lower(),
        )

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Route parameters if this route serves `path` (encoded, beginning with a slash)."""
        if self.methods and method not in self.methods:
            return None
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        return {
            name: unquote(value) for name, value in found.groupdict().items() if value is not None
        }

    def collides(self, other: Route) -> bool:
        methods = not self.methods or not other.methods or self.methods & other.methods
        return self.shape == other.shape and bool(methods)


def _segment(template: str, segment: str) -> tuple[str, int, bool]:
    """The segment as a regular expression, its rank, and whether it may be left out."""
    pattern, weight, position, optional = "", 0, 0, False
    for found in _PARAMETER.finditer(segment):
        star, name, constraint, question = found.groups()
        pattern += re.escape(segment[position : found.start()])
        position = found.end()
        if constraint is not None and constraint not in _CONSTRAINTS:
            raise RouteError(f"route '{template}': unknown constraint '{constraint}'")
        body = ".*" if star else _CONSTRAINTS.get(constraint or "", "[^/]+")
        pattern += f"(?P<{name}>{body})"
        weight = max(weight, 3 if star else 1 if constraint else 2)
        # A catch-all also matches nothing at all.
        optional = optional or bool(question) or bool(star)
    rest = segment[position:]
    if "{" in rest or "}" in rest:
        raise RouteError(f"route '{template}': cannot read '{segment}'")
    return pattern + re.escape(rest), weight, optional
