"""The templates hold our own rules, read from their syntax trees: no Bicep compiler is needed."""

from __future__ import annotations

import json
import re

import pytest

from tests.infra.bicep import INFRA, ROOT, Template, at, properties, templates, text_of, walk

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TYPED = re.compile(r"(Microsoft\.\w+(?:/\w+)+)@(\d{4}-\d{2}-\d{2}(?:-preview)?)")
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
BUILT_IN = {
    "storageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "storageBlobDataContributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "storageBlobDataReader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "storageQueueDataContributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "storageTableDataContributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "monitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "cognitiveServicesOpenAIContributor": "a001fd3d-188f-4b5d-821b-7da978bf7442",
    "azureMLDataScientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "keyVaultAdministrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "durableTaskDataContributor": "0ad04412-c4d5-4796-b79c-f76d14c8d402",
}
MAIN = templates()[0]
each = pytest.mark.parametrize("template", templates(), ids=lambda one: one.path.stem)


def of_type(kind: str) -> list[tuple[Template, str]]:
    """Resources of a type that are made, not only referred to."""
    return [
        (template, name)
        for template in templates()
        for name, one in template.declared("resources").items()
        if one.text.split("@")[0] == kind and not any(n.type == "existing" for n in walk(one.node))
    ]


@each
def test_it_parses(template: Template) -> None:
    assert template.broken == []


def test_the_rules_see_what_is_wrong(tmp_path: object) -> None:
    """A template with one mistake of each kind: the rules are not blind."""
    path = INFRA / "main.bicep"
    wrong = Template(path)
    wrong.source = path.read_bytes() + b"\nparam idle string\noutput X string = nowhere\n= ="
    assert wrong.broken
    assert any(found.endswith("nowhere") for found in wrong.undefined)
    assert any(found.endswith("idle") for found in wrong.unused)


@each
def test_every_identifier_is_declared_and_every_declaration_is_read(template: Template) -> None:
    assert template.undefined == []
    assert template.unused == []


@each
def test_every_parameter_says_what_it_is(template: Template) -> None:
    described = []
    decorated = False
    for node in template.tree.named_children:
        if node.type == "decorators":
            decorated = "@description(" in text_of(node)
        elif node.type == "parameter_declaration":
            described.append((text_of(node.named_children[0]), decorated))
        if node.type not in {"decorators", "comment"}:
            decorated = False
    assert [name for name, said in described if not said] == []


@each
def test_resource_types_have_versions_and_one_version_each(template: Template) -> None:
    for name, one in template.declared("resources").items():
        assert TYPED.fullmatch(one.text), f"{name}: {one.text}"


def test_each_resource_type_has_one_api_version() -> None:
    versions: dict[str, set[str]] = {}
    for template in templates():
        for one in template.declared("resources").values():
            kind, _, version = one.text.partition("@")
            versions.setdefault(kind, set()).add(version)
    assert {kind: found for kind, found in versions.items() if len(found) > 1} == {}


def test_modules_get_every_parameter_and_no_other() -> None:
    used = set()
    for name, module in MAIN.declared("modules").items():
        target = Template(MAIN.path.parent / module.text)
        used.add(target.path)
        given = properties(properties(module.node)["params"])
        assert target.required <= set(given) <= set(target.declared("params")), name
    assert used == {template.path for template in templates()[1:]}


def test_outputs_that_are_read_exist() -> None:
    """`module.outputs.x` for a module's output x; conditional modules under their condition."""
    for name, module in MAIN.declared("modules").items():
        outputs = set(Template(MAIN.path.parent / module.text).declared("outputs"))
        read = set(re.findall(rf"\b{name}\.outputs\.(\w+)", MAIN.source.decode()))
        assert read <= outputs, name
        assert outputs <= read, f"{name}: an output that nobody reads"


def test_parameters_file_gives_every_parameter_and_no_other() -> None:
    given = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    assert set(given) == set(MAIN.declared("params"))
    assert all(re.fullmatch(r"\$\{[A-Z_]+(=[^}]*)?\}", one["value"]) for one in given.values())


def test_outputs_are_what_azd_and_the_hooks_read() -> None:
    hooks = "\n".join(path.read_text(encoding="utf-8") for path in INFRA.glob("hooks/*.sh"))
    read = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", hooks)) - {"HOOK_ATTEMPTS", "HOOK_WAIT_SECONDS"}
    outputs = set(MAIN.declared("outputs"))
    assert read <= outputs
    named = {"AZURE_LOCATION", "AZURE_TENANT_ID", "AZURE_RESOURCE_GROUP"}  # azd's own names
    for_people = {"AZURE_STORAGE_ACCOUNT_NAME", "AZURE_OPENAI_ACCOUNT"}
    assert outputs <= read | named | for_people
    docs = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
    assert {name for name in for_people if name not in docs} == set()


def test_azd_finds_the_app_by_its_tag() -> None:
    azure = (ROOT / "azure.yaml").read_text(encoding="utf-8")
    assert re.search(r"^services:\n  raft:\n", azure, re.MULTILINE)
    assert b"'azd-service-name': 'raft'" in MAIN.source
    assert b"'azd-env-name': environmentName" in MAIN.source


@each
def test_no_key_is_ever_asked_for(template: Template) -> None:
    asked = re.findall(rb"\b(listKeys|listAccountSas|listServiceSas|list\w*\()", template.source)
    assert asked == []


def test_storage_takes_no_shared_key_and_shows_nothing_in_public() -> None:
    accounts = of_type("Microsoft.Storage/storageAccounts")
    assert len(accounts) == 2
    for template, name in accounts:
        node = template.declared("resources")[name].node
        wanted = {
            "allowSharedKeyAccess": "false",
            "allowBlobPublicAccess": "false",
            "supportsHttpsTrafficOnly": "true",
            "minimumTlsVersion": "TLS1_2",
        }
        for key, value in wanted.items():
            found = at(node, "properties", key)
            assert found is not None, f"{name} {key}"
            assert text_of(found) == value, f"{name} {key}"


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("Microsoft.CognitiveServices/accounts", "disableLocalAuth"),
        ("Microsoft.Insights/components", "DisableLocalAuth"),
    ],
)
def test_models_and_telemetry_take_no_key(kind: str, key: str) -> None:
    ((template, name),) = of_type(kind)
    found = at(template.declared("resources")[name].node, "properties", key)
    assert found is not None
    assert text_of(found) == "true"


def test_the_app_takes_no_password() -> None:
    policies = of_type("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    allowed = [
        text_of(at(template.declared("resources")[name].node, "properties", "allow"))
        for template, name in policies
    ]
    assert allowed == ["false", "false"]


def test_roles_in_the_table_are_the_built_in_ones_and_are_used() -> None:
    table = json.loads((INFRA / "roles.json").read_text(encoding="utf-8"))
    assert table == BUILT_IN
    sources = "\n".join(template.source.decode() for template in templates())
    assert set(re.findall(r"(?<!/)\broles\.(\w+)", sources)) == set(table)
    assert GUID.findall(sources) == []


def test_role_assignments_are_scoped_named_and_say_whose_they_are() -> None:
    assignments = of_type("Microsoft.Authorization/roleAssignments")
    assert len(assignments) >= 12
    for template, name in assignments:
        node = template.declared("resources")[name].node
        scope = at(node, "scope")
        assert scope is not None, f"{name}: a whole resource group"
        made_of = text_of(at(node, "name"))
        assert made_of.startswith(f"guid({text_of(scope)}.id, "), name
        assert at(node, "properties", "principalType") is not None, name
        role = re.findall(r"(roles\.\w+|role)\)$", made_of)
        definition = text_of(at(node, "properties", "roleDefinitionId"))
        assert role, name
        assert definition.endswith(f", {role[0]})"), name


def test_docs_list_every_role_with_its_holder() -> None:
    security = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"\| `(\w+)` \|", security))
    assert set(BUILT_IN) == {name for name in listed if name in BUILT_IN}


def test_nothing_private_stays_open_when_the_network_is_on() -> None:
    """Of storage and models: with isPrivate neither the network nor public access is left."""
    for stem in ("storage", "ai"):
        template = next(one for one in templates() if one.path.stem == stem)
        source = template.source.decode()
        assert "publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'" in source
        assert "defaultAction: isPrivate ? 'Deny' : 'Allow'" in source
    network = next(one for one in templates() if one.path.stem == "network").source.decode()
    for zone in ("blob", "queue", "table", "openai", "cognitiveservices", "services.ai"):
        assert f"privatelink.{zone}." in network
