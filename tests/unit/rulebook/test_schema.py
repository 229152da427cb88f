"""The JSON Schema of the rules files: what editors check with is what `cercle rules check` says."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.entries.entry import Entry
from cercle.rulebook.schema import (
    DIALECT,
    KINDS,
    SCENARIOS,
    club_schema,
    entries_of,
    fields_of,
    file_schema,
    not_acted_on,
)
from cercle.rulebook.text.reader import read_yaml
from cercle.rulebook.text.source import Source
from tests.servers import ROOT

WHOLE = club_schema()
VALIDATORS = {kind: Draft202012Validator(file_schema(kind)) for kind in KINDS}
MODELS = list(dict.fromkeys(model for kind in KINDS.values() for model in entries_of(kind)))
FIELDS = [(model, key, field) for model in MODELS for key, field in fields_of(model).items()]
EXAMPLES = [(model, key, field, each) for model, key, field in FIELDS for each in field.examples or ()]
CLUBS = sorted(path.parent for path in ROOT.glob("[a-z]*/**/club.yaml"))
"""Wherever they lie: the sample club, the starter, and those of tests and benchmarks."""
FENCE = re.compile(r"^```yaml (\w+\.yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _kind(name: str) -> str:
    return SCENARIOS if name.endswith(SCENARIOS[1:]) else name


def _rules_files() -> Iterator[tuple[str, str, str]]:
    """Where from, the kind, and the text: of every club, and of the examples in the documents."""
    for folder in CLUBS:
        for path in sorted(folder.glob("*.yaml")):
            yield str(path.relative_to(ROOT)), _kind(path.name), path.read_text("utf-8")
    for page in sorted(ROOT.glob("docs/**/*.md")):
        for number, (name, text) in enumerate(FENCE.findall(page.read_text("utf-8")), start=1):
            if _kind(name) in KINDS:
                yield f"{page.relative_to(ROOT)}#{number}", _kind(name), text


RULES_FILES = list(_rules_files())


def _read(text: str) -> Any:
    findings = Findings()
    block = read_yaml(Source("it.yaml", text), findings)
    assert not findings.errors
    return block


def _wrong(kind: str, text: str) -> list[str]:
    """What an editor would mark."""
    return [error.message for error in VALIDATORS[kind].iter_errors(_read(text))]


@pytest.mark.parametrize(("where", "kind", "text"), RULES_FILES, ids=[each[0] for each in RULES_FILES])
def test_the_rules_files_of_the_project_are_valid(where: str, kind: str, text: str) -> None:
    """Every file of every club, and every example of the documents."""
    assert _wrong(kind, text) == [], where


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one_of_its_dialect(kind: str) -> None:
    """Draft 2020-12; every reference leads somewhere, or validation would raise."""
    schema = file_schema(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == DIALECT
    references = set(re.findall(r"'#/\$defs/(\w+)'", str(schema)))
    assert references == schema["$defs"].keys()


def test_the_whole_schema_judges_a_folder() -> None:
    """File names lead to their schemas; an unknown file, and a missing one, are wrong."""
    validator = Draft202012Validator(WHOLE)
    folder = {path.name: _read(path.read_text("utf-8")) for path in ROOT.glob("clubs/records/*.yaml")}
    assert list(validator.iter_errors(folder)) == []
    assert list(validator.iter_errors({**folder, "pionts.yaml": {}}))
    assert list(validator.iter_errors({name: each for name, each in folder.items() if name != "club.yaml"}))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("points.yaml", "rules:\n  - {id: r, on: purchase, earn: {points: 5}, limt: {times: 1, per: day}}"),
        ("points.yaml", "rules:\n  - {id: r, on: purchase, earn: {points: 5, for_each: 1 dollar}}"),
        ("points.yaml", "rules:\n  - {id: Large Orders, on: purchase, earn: {points: 5}}"),
        ("points.yaml", "rules:\n  - {id: r, on: purchase}"),
        ("points.yaml", "rules:\n  - {id: r, on: purchase, earn: {points: 5}, multiply: 2}"),
        ("points.yaml", "rules:\n  - {id: r, on: purchase, earn: {points: 5}, cooldown: ten minutes}"),
        ("points.yaml", "rules:\n  - {id: r, on: purchase, earn: {points: 5}, during: {days: [saturday]}}"),
        ("points.yaml", "rules:\n  - {id: r, on: purchase, earn: {points: 5}, during: {from: 24.12.2026}}"),
        ("points.yaml", "stacking: {multiply: bset}"),
        ("actions.yaml", "actions: {purchase: {fields: {amount: mony}}}"),
        ("actions.yaml", "actions: {Purchase: {fields: {amount: money}}}"),
        ("badges.yaml", "achievements: [{id: a, badge: A, count: purchase, sum: purchase.amount, reach: 5}]"),
        ("badges.yaml", "achievements: [{id: a, badge: {EN: A}, count: purchase, reach: 5}]"),
        ("tiers.yaml", "tiers: {qualify_by: points, period: all time, levels: [{id: a, from: 0}]}"),
        ("offers.yaml", "offers: [{id: a, title: A, price: five hundred}]"),
        ("club.yaml", "club: records"),
        (SCENARIOS, "scenarios: [{name: a, steps: [{at: 10:00, member: ana, do: purchase}]}]"),
    ],
)
def test_a_usual_mistake_is_marked(kind: str, text: str) -> None:
    """An unknown key, a missing one, a wrong word, amount, date or shape."""
    assert _wrong(kind, text)


@pytest.mark.parametrize(("model", "key", "field"), FIELDS, ids=lambda value: getattr(value, "__name__", ""))
def test_every_key_is_explained(model: type[Entry], key: str, field: FieldInfo) -> None:
    """What it says, as a whole sentence, and an example: editors and the reference show both."""
    assert field.description, f"{model.__name__}.{key}"
    assert field.description[0].isupper() or field.description[0] == "`"
    assert field.description.rstrip("`")[-1] in ".:"
    assert field.examples


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_entry_says_what_it_is(model: type[Entry]) -> None:
    """The docstring is shown, too."""
    assert model.__doc__ and model.__doc__ != Entry.__doc__


def _exact(value: Any) -> Any:
    """Numbers with a point as the files' reader gives them."""
    if isinstance(value, dict):
        return {key: _exact(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_exact(each) for each in value]
    return Decimal(str(value)) if isinstance(value, float) else value


@pytest.mark.parametrize(
    ("model", "key", "field", "example"), EXAMPLES, ids=lambda value: getattr(value, "__name__", "")
)
def test_every_example_may_be_written(model: type[Entry], key: str, field: FieldInfo, example: Any) -> None:
    """The model takes it, and the editor's schema."""
    TypeAdapter(field.rebuild_annotation()).validate_python(_exact(example))
    about = WHOLE["$defs"][model.__name__]["properties"][key]
    errors = Draft202012Validator({"$defs": WHOLE["$defs"], **about}).iter_errors(_exact(example))
    assert [error.message for error in errors] == []


def test_what_is_not_acted_on_is_said() -> None:
    """Of a key as a whole, or of the examples that this version does not act on."""
    points = KINDS["points.yaml"]
    entries = {model.__name__: model for model in entries_of(points)}
    assert "does not act on" in not_acted_on(entries["EarnRuleEntry"], "cooldown")
    assert not_acted_on(entries["EarnRuleEntry"], "when") == ""
    assert not_acted_on(entries["LimitEntry"], "per").startswith("This version does not act on `month`")
    assert "`day`" not in not_acted_on(entries["LimitEntry"], "per")
