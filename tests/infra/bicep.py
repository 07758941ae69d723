"""Reads Bicep files by their syntax tree, for the rules that we hold them to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
_DECLARED = {
    "parameter_declaration": "params",
    "variable_declaration": "variables",
    "resource_declaration": "resources",
    "module_declaration": "modules",
    "output_declaration": "outputs",
}
# Of the language itself, as far as our files use it.
FUNCTIONS = set(
    "description metadata minLength maxLength minValue maxValue allowed batchSize toLower toUpper "
    "uniqueString subscription tenant resourceGroup environment resourceId subscriptionResourceId "
    "guid split string join trim union empty max loadJsonContent".split()
)


@dataclass(frozen=True)
class Declaration:
    """A declared name with its node; decorators are the nodes before it."""

    name: str
    node: Node

    @property
    def text(self) -> str:
        """The first string of the declaration: a resource's type, a module's file."""
        return text_of(next(c for c in self.node.named_children if c.type == "string"))


class Template:
    """One Bicep file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = path.read_bytes()

    @cached_property
    def tree(self) -> Node:
        """The syntax tree's root."""
        return Parser(Language(tree_sitter_bicep.language())).parse(self.source).root_node

    @property
    def broken(self) -> list[str]:
        """Where the parser found no sense."""
        return [
            f"{self.path.name}:{node.start_point[0] + 1}"
            for node in walk(self.tree)
            if node.is_error or node.is_missing
        ]

    def declared(self, kind: str) -> dict[str, Declaration]:
        """Declarations of a kind (params, variables, resources, modules, outputs), by name."""
        found = {}
        for node in self.tree.named_children:
            if _DECLARED.get(node.type) == kind:
                name = text_of(node.named_children[0])
                found[name] = Declaration(name, node)
        return found

    @property
    def required(self) -> set[str]:
        """Parameters without a default."""
        return {
            name
            for name, one in self.declared("params").items()
            if one.node.named_children[-1].type == "type"
        }

    @property
    def undefined(self) -> list[str]:
        """Identifiers that nothing declares."""
        known = set().union(*(self.declared(kind) for kind in _DECLARED.values())) | FUNCTIONS
        return [
            f"{self.path.name}:{node.start_point[0] + 1} {text_of(node)}"
            for node, local in _uses(self.tree, frozenset())
            if text_of(node) not in known and text_of(node) not in local
        ]

    @property
    def unused(self) -> list[str]:
        """Parameters and variables that nothing reads."""
        read = {text_of(node) for node, _ in _uses(self.tree, frozenset())}
        declared = {**self.declared("params"), **self.declared("variables")}
        return [f"{self.path.name} {name}" for name in declared if name not in read]


@cache
def templates() -> tuple[Template, ...]:
    """All of ours, main first."""
    return (Template(INFRA / "main.bicep"), *map(Template, sorted(INFRA.glob("modules/*.bicep"))))


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    for child in node.children:
        yield from walk(child)


def text_of(node: Node) -> str:
    """The node's source; of a string what stands between the quotes."""
    text = (node.text or b"").decode()
    return text[1:-1] if node.type == "string" else text


def properties(node: Node) -> dict[str, Node]:
    """Values of the first object below a declaration (or of an object), by key."""
    thing = node if node.type == "object" else next(n for n in walk(node) if n.type == "object")
    pairs = [child.named_children for child in thing.named_children]
    return {text_of(key): value for key, value in pairs}


def at(node: Node, *path: str) -> Node | None:
    """The value at a path of keys below a declaration; None where there is none."""
    for key in path:
        if node is None or (found := properties(node).get(key)) is None:
            return None
        node = found
    return node


def _uses(node: Node, local: frozenset[str]) -> Iterator[tuple[Node, frozenset[str]]]:
    """Identifiers read, each with the loop variables known there."""
    if node.type == "identifier":
        yield node, local
        return
    children = node.named_children
    if node.type in _DECLARED or node.type == "object_property":
        key, *children = children
        if key.type == "string":  # a key with an interpolation
            yield from _uses(key, local)
    if node.type == "for_statement":
        first, *children = children
        names = [n for n in walk(first) if n.type in _LOOP_NAMES]
        local = local | {text_of(n) for n in names}
    for child in children:
        if child.type not in {"type", "primitive_type"}:
            yield from _uses(child, local)


_LOOP_NAMES = {"identifier", "loop_variable", "loop_enumerator"}
