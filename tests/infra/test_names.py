"""Names agree between the app, its templates, hooks, examples and docs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache

import pytest

from shared.settings import DOCUMENTS_CONTAINER, RUNS_CONTAINER
from tests.infra.bicep import INFRA, ROOT, Template, properties, text_of, walk
from tests.infra.settings_names import PLATFORM, by_role, canonical, read_by_the_app

APP = Template(INFRA / "modules" / "app.bicep")
ROLES = ("TEACHER", "JUDGE", "BASELINE", "EMBEDDING", "VISION")
# Not set by the templates: keys, other clouds than this deployment's own, and what an operator
# adds by infra/settings.json.
NOT_DEPLOYED = {
    *("DocumentsStorage", "AZURE_RESOURCE_MANAGER_ENDPOINT", "MODEL_PRICES"),
    *("AZURE_ML_SUBSCRIPTION_ID", "AZURE_ML_RESOURCE_GROUP", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
    *("{ROLE}_AZURE_OPENAI_API_KEY", "{ROLE}_AZURE_OPENAI_API_VERSION"),
    *("{ROLE}_AZURE_OPENAI_BASE_URL", "{ROLE}_RPM"),
}
# Not in the example: keys, what only a deployed app has, and what has a good default.
NOT_IN_EXAMPLE = {
    *("DocumentsStorage__blobServiceUri", "DocumentsStorage__clientId", "AZURE_CLIENT_ID"),
    *("AZURE_RESOURCE_MANAGER_ENDPOINT", "MODEL_PRICES"),
    *("AZURE_ML_SUBSCRIPTION_ID", "AZURE_ML_RESOURCE_GROUP", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
    *("{ROLE}_AZURE_OPENAI_API_KEY", "{ROLE}_AZURE_OPENAI_API_VERSION"),
    *("{ROLE}_AZURE_OPENAI_BASE_URL", "{ROLE}_RPM", "{ROLE}_TPM"),
}


@cache
def functions() -> dict[str, dict[str, str]]:
    """Route and methods of every function (empty where it has none), by name."""
    script = (
        "import json, function_app\n"
        "found = {}\n"
        "for one in function_app.app.get_functions():\n"
        "    trigger = one.get_trigger().get_dict_repr()\n"
        "    methods = [str(getattr(m, 'value', m)) for m in trigger.get('methods') or []]\n"
        "    found[one.get_function_name()] = {'route': trigger.get('route') or '',\n"
        "        'methods': ' '.join(methods), 'path': trigger.get('path') or ''}\n"
        "print(json.dumps(found))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def deployed() -> frozenset[str]:
    """Names of all app settings in app.bicep, for each role."""
    names: set[str] = set()
    for one in APP.declared("variables").values():
        if not one.name.lower().endswith(("settings", "settingsbyrole")):
            continue
        for node in walk(one.node):
            if node.type == "object":
                names.update(properties(node))
    role = "${toUpper(one.role)}"
    return frozenset(
        filled for name in names for filled in ([name.replace(role, r) for r in ROLES])
    )


def example() -> dict[str, str]:
    text = (ROOT / "local.settings.json.example").read_text(encoding="utf-8")
    return dict(json.loads(text)["Values"])


def test_the_app_reads_what_this_page_thinks_it_does() -> None:
    read = read_by_the_app()
    assert {"TEACHER_AZURE_OPENAI_ENDPOINT", "TASKHUB_NAME", "SWEEP_SCHEDULE"} <= read
    assert not any(name.startswith("COMPLETION") for name in read)


def test_every_setting_in_the_templates_is_read() -> None:
    assert {canonical(name) for name in deployed()} - PLATFORM <= read_by_the_app()
    further = json.loads((INFRA / "settings.json").read_text(encoding="utf-8"))
    assert {canonical(name) for name in further} <= read_by_the_app()


def test_every_setting_read_is_in_the_templates_or_left_out_on_purpose() -> None:
    missing = by_role(read_by_the_app()) - by_role(deployed())
    assert missing == NOT_DEPLOYED


def test_the_example_has_every_setting_and_no_other() -> None:
    given = set(example())
    assert given - PLATFORM <= read_by_the_app()
    assert by_role(read_by_the_app()) - by_role(frozenset(given)) == NOT_IN_EXAMPLE
    for role in ROLES:
        for part in ("ENDPOINT", "DEPLOYMENT", "MODEL"):
            assert f"{role}_AZURE_OPENAI_{part}" in given


def test_the_example_holds_no_secret() -> None:
    assert [name for name in example() if "KEY" in name or "SECRET" in name] == []


def test_the_docs_name_every_setting_and_no_other() -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    table = page[page.index("## Every setting") :]
    listed = set(re.findall(r"^\| `([^`]+)`", table, re.MULTILINE))
    assert listed == by_role(read_by_the_app())


def test_the_settings_that_name_roles_are_the_roles_of_the_templates() -> None:
    main = Template(INFRA / "main.bicep")
    roles = re.findall(r"\{ role: '(\w+)'", main.source.decode())
    assert tuple(sorted(role.upper() for role in roles)) == tuple(sorted(ROLES))
    merged = re.findall(r"settingsByRole\[(\d)\]", APP.source.decode())
    assert merged == [str(number) for number in range(len(roles))]


def test_containers_are_those_that_the_app_uses() -> None:
    storage = Template(INFRA / "modules" / "storage.bicep").declared("variables")
    assert text_of(storage["documents"].node.named_children[-1]) == DOCUMENTS_CONTAINER
    assert text_of(storage["runs"].node.named_children[-1]) == RUNS_CONTAINER
    hook = (INFRA / "hooks" / "postdeploy.sh").read_text(encoding="utf-8")
    assert f"--subject-begins-with /blobServices/default/containers/{DOCUMENTS_CONTAINER}/" in hook
    dead = text_of(storage["deadLetters"].node.named_children[-1])
    assert f"/blobServices/default/containers/{dead}" in hook


def test_the_hook_names_the_function_that_is_triggered_by_blobs() -> None:
    hook = (INFRA / "hooks" / "postdeploy.sh").read_text(encoding="utf-8")
    named = re.search(r"^function=(\w+)$", hook, re.MULTILINE)
    assert named is not None
    by_blob = [name for name, one in functions().items() if one["path"]]
    assert by_blob == [named[1]]


def test_test_http_has_a_request_for_every_endpoint() -> None:
    text = (ROOT / "test.http").read_text(encoding="utf-8")
    asked = re.findall(
        r"^### [^\n]*: (\w+)\n(GET|POST|DELETE) \{\{host\}\}/api/(\S+)", text, re.MULTILINE
    )
    assert len(asked) == text.count("### ")
    for name, method, path in asked:
        function = functions()[name]
        assert function["route"] == path.replace("{{run}}", "{run}").partition("?")[0], name
        assert function["methods"] == method, name
    api = {name for name, one in functions().items() if one["route"]}
    assert {name for name, _, _ in asked} == {name for name in api if "console" not in name}


def test_functions_that_the_workflow_looks_for_exist() -> None:
    workflow = (ROOT / ".github" / "workflows" / "azure-tools.yml").read_text(encoding="utf-8")
    looked = re.search(r"for name in ([\w ]+); do", workflow)
    assert looked is not None
    assert set(looked[1].split()) <= set(functions())


@pytest.mark.parametrize("name", ["preprovision", "postprovision", "postdeploy"])
def test_azd_runs_hooks_that_are_there_and_may_be_run(name: str) -> None:
    azure = (ROOT / "azure.yaml").read_text(encoding="utf-8")
    assert f"  {name}:" in azure
    for path in re.findall(r"run: (\S+)", azure):
        assert os.access(ROOT / path, os.X_OK), path
        assert (ROOT / path).read_text(encoding="utf-8").startswith("#!/bin/sh\n")


@pytest.mark.parametrize("page", ["deploy", "costs", "security", "operations", "models"])
def test_docs_name_only_what_there_is(page: str) -> None:
    """Words written like a setting are settings, azd values, outputs or the CLI's own."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    parameters = (INFRA / "main.parameters.json").read_text(encoding="utf-8")
    known = {
        *read_by_the_app(),
        *PLATFORM,
        *re.findall(r"\$\{([A-Z_]+)", parameters),
        *Template(INFRA / "main.bicep").declared("outputs"),
        *("RAFT_URL", "RAFT_KEY"),
    }
    words = re.findall(r"(?<![\w/{}])[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b", text)
    named = {canonical(re.sub(r"_\d+_", "_", word)) for word in words}
    assert {word for word in named if word not in known and not word.startswith("CKV_")} == set()


def test_links_between_the_docs_lead_somewhere() -> None:
    for page in ("deploy", "costs", "security", "operations", "models"):
        text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([\w-]+))?\)", text):
            file = (ROOT / "docs" / target) if target else ROOT / "docs" / f"{page}.md"
            assert file.exists(), target
            if anchor:
                titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
                assert anchor in {title.lower().replace(" ", "-") for title in titles}, anchor
