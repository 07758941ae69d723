"""The floors of the house, proved from the AST: who imports whom, who reads clock and environment,
and that the names on the wire are the functions that the app registers."""

from __future__ import annotations

import ast
import sys

from shared.contracts import Activity
from tests.layers import (
    CLOCK,
    ENVIRONMENT_READERS,
    FLOORS,
    IMPURE,
    IO_CALLS,
    LIBRARIES,
    LONGEST,
    ORCHESTRATOR_MODULES,
    OURS,
    ROOT,
    SDKS,
    WRITES,
    Module,
    at,
    dotted,
    floor_of,
    inside,
    modules,
    on,
    target,
)


def test_the_rules_look_at_every_floor() -> None:
    for floor in set(FLOORS) - {"cli"}:
        assert on(floor), f"no module on {floor}"
    names = {module.name for module in modules()}
    assert {name for name in names if not floor_of(name)} == {"shared"}


def test_modules_import_only_from_their_own_and_lower_floors() -> None:
    broken = [
        at(module, one.line, f"imports {target(one)}")
        for module in modules()
        for one in module.imports
        if one.module.split(".")[0] in OURS
        and not any(inside(target(one), allowed) for allowed in FLOORS[floor_of(module.name)])
    ]
    assert broken == []


def test_floors_import_only_their_own_libraries() -> None:
    broken = [
        at(module, one.line, f"imports {one.module}")
        for module in modules()
        for one in module.imports
        if (allowed := LIBRARIES.get(floor_of(module.name))) is not None
        and (top := one.module.split(".")[0]) not in OURS
        and top not in sys.stdlib_module_names
        and not any(inside(f"{one.module}.{one.name}".rstrip("."), name) for name in allowed)
    ]
    assert broken == []


def test_services_import_no_sdk_and_no_adapter() -> None:
    for module in on("shared.services"):
        for one in module.imports:
            assert one.module.split(".")[0] not in SDKS, at(module, one.line, one.module)
            assert not inside(target(one), "shared.adapters"), at(module, one.line, one.module)


def test_adapters_take_nouns_and_constants_of_the_domain_and_no_decisions() -> None:
    taken = [
        at(module, one.line, f"takes {one.name} of {one.module}")
        for module in on("shared.adapters")
        for one in module.imports
        if inside(one.module, "shared.raft") and not one.name[:1].isupper()
    ]
    assert taken == []


def test_only_bootstrap_knows_both_services_and_adapters() -> None:
    both = [
        module.name
        for module in modules()
        if all(
            any(inside(target(one), package) for one in module.imports)
            for package in ("shared.services", "shared.adapters")
        )
    ]
    assert {name.rpartition(".")[0] for name in both} == {"shared.bootstrap"}


def test_deployed_code_never_imports_local_tests_or_bench() -> None:
    deployed = [m for m in modules() if m.name.split(".")[0] not in {"local", "terminal", "cli"}]
    for module in deployed:
        for one in module.imports:
            assert one.module.split(".")[0] not in {
                *("local", "terminal", "tests", "bench", "samples", "cli")
            }


def test_the_domain_imports_nothing_that_reads_or_writes_the_world() -> None:
    broken = [
        at(module, one.line, f"imports {one.module}")
        for module in on("shared.raft")
        for one in module.imports
        if one.module.split(".")[0] in IMPURE
    ]
    assert broken == []


def test_the_domain_does_no_io_and_draws_only_from_seeds() -> None:
    broken = []
    for module in on("shared.raft"):
        for name, call in module.calls:
            seeded = bool(call.args or call.keywords)
            unseeded = (
                (name.startswith("random.") and not (name == "random.Random" and seeded))
                or (".random." in name and not (name.endswith(".default_rng") and seeded))
                or name in {"Random", "default_rng"}
            )
            if unseeded or name in IO_CALLS or name == "hash":
                broken.append(at(module, call.lineno, f"calls {name}"))
        for one in module.imports:
            if one.module == "random" and one.name:
                broken.append(at(module, one.line, f"takes {one.name} of random"))
    assert broken == []


def test_only_settings_reads_the_environment() -> None:
    readers = {
        module.name
        for module in modules()
        if floor_of(module.name) not in {"local", "terminal", "cli"}
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and dotted(node) in {"os.environ", "os.getenv"})
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and {alias.name for alias in node.names} & {"environ", "getenv"}
        )
    }
    assert readers <= ENVIRONMENT_READERS
    assert "shared.settings" in readers


def test_the_listed_exceptions_take_no_setting_from_the_environment() -> None:
    for module in modules():
        if module.name not in ENVIRONMENT_READERS - {"shared.settings"}:
            continue
        for name, call in module.calls:
            if "environ" in name or "getenv" in name:
                calls, variable = WRITES.get(module.name, (set(), ""))
                assert name in calls, at(module, call.lineno, name)
                assert written(module, call.args[0]) == variable, at(module, call.lineno, name)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Subscript):
                assert dotted(node.value) != "os.environ", at(
                    module, node.lineno, "reads a setting"
                )


def written(module: Module, argument: ast.expr) -> str:
    """The name of the variable that a call writes, said there or by a constant of the module."""
    if isinstance(argument, ast.Dict):
        (key,) = argument.keys
        assert key is not None
        argument = key
    if isinstance(argument, ast.Name):
        (argument,) = [
            node.value
            for node in module.tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == argument.id
        ]
    return str(ast.literal_eval(argument))


def test_orchestrators_import_only_durable_contracts_and_pure_modules() -> None:
    broken = [
        at(module, one.line, f"imports {one.module}")
        for module in on("orchestrators")
        for one in module.imports
        if one.module not in ORCHESTRATOR_MODULES
        and one.module != "shared.contracts"
        and not inside(one.module, "orchestrators")
    ]
    assert broken == []


def test_orchestrators_read_no_clock_and_do_no_io() -> None:
    broken = [
        at(module, call.lineno, f"calls {name}")
        for module in on("orchestrators")
        for name, call in module.calls
        if name.rpartition(".")[2] in CLOCK
        or name in IO_CALLS
        or name.split(".")[0] in {"time", "random", "uuid", "os", "hash", "id"}
    ]
    assert broken == []


def test_orchestrators_are_generators_that_never_await() -> None:
    for module in on("orchestrators"):
        for node in ast.walk(module.tree):
            assert not isinstance(node, ast.AsyncFunctionDef | ast.Await), (
                module.name,
                node.lineno,
            )


def test_orchestrators_iterate_over_no_set() -> None:
    """The order of a set of strings differs between processes, so a replay would differ too."""
    for module in on("orchestrators"):
        for node in ast.walk(module.tree):
            assert not isinstance(node, ast.Set | ast.SetComp), (module.name, node.lineno)


def test_activities_only_decode_call_and_encode() -> None:
    """One statement decodes, one calls; the claim of a run is the one with a client."""
    long = []
    for module in on("activities"):
        for node in module.tree.body:
            if isinstance(node, ast.AsyncFunctionDef) and binding(node, "activity_trigger"):
                statements = [s for s in node.body if not isinstance(s, ast.Expr)]
                if len(statements) > 3:
                    long.append(at(module, node.lineno, node.name))
    assert long == []


def binding(function: ast.AsyncFunctionDef | ast.FunctionDef, kind: str) -> ast.Call | None:
    for one in function.decorator_list:
        if isinstance(one, ast.Call) and dotted(one.func).rpartition(".")[2] == kind:
            return one
    return None


def test_activity_inputs_are_one_word_annotated_dict_or_str() -> None:
    """The worker decodes other annotations, and the language worker refuses names with `_`."""
    seen = 0
    for module in on("activities"):
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
                continue
            trigger = binding(node, "activity_trigger")
            if trigger is None:
                continue
            seen += 1
            (name,) = [ast.literal_eval(k.value) for k in trigger.keywords if k.arg == "input_name"]
            assert name.isascii(), name
            assert name.isalpha(), name
            (argument,) = [a for a in node.args.args if a.arg == name]
            assert argument.annotation is not None
            assert dotted(argument.annotation) in {"dict", "str"}, (module.name, node.name)
    assert seen == len(Activity)


def test_no_module_is_over_400_lines() -> None:
    long = {module.name: module.lines for module in modules() if module.lines > LONGEST}
    assert long == {}


def test_every_module_says_what_it_is_for() -> None:
    assert [module.name for module in modules() if not ast.get_docstring(module.tree)] == []


def test_every_package_has_its_init() -> None:
    bare = {
        str(module.path.parent.relative_to(ROOT))
        for module in modules()
        if module.path.parent != ROOT and not (module.path.parent / "__init__.py").exists()
    }
    assert bare == set()
