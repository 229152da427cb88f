"""The JSON Schema (draft 2020-12) of the rules files, for editors: made of the models and what they say."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from cercle.rulebook.entries.entry import Entry
from cercle.rulebook.files import FILES
from cercle.rulebook.files.scenarios import ScenariosFile
from cercle.rulebook.folder import TEST_ENDING

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCENARIOS = f"*{TEST_ENDING}"
KINDS: Mapping[str, type[Entry]] = MappingProxyType({**FILES, SCENARIOS: ScenariosFile})
"""Every kind of file by its name, scenarios by their pattern."""


class _Untitled(GenerateJsonSchema):
    """A key needs no title: it is one."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def club_schema() -> dict[str, Any]:
    """Of a whole folder, as a mapping of file names to what they say; each kind of file is in `$defs`."""
    models = list(dict.fromkeys(KINDS.values()))
    _, schema = models_json_schema(
        [(model, "validation") for model in models], by_alias=True, schema_generator=_Untitled
    )
    definitions = {name: _as_written(each) for name, each in sorted(_definitions(schema["$defs"]).items())}
    return {
        "$schema": DIALECT,
        "title": "A club of Cercle",
        "description": "The rules files of a club, by their names.",
        "type": "object",
        "properties": {name: {"$ref": f"#/$defs/{model.__name__}"} for name, model in FILES.items()},
        "patternProperties": {f"{TEST_ENDING}$".replace(".", r"\."): {"$ref": "#/$defs/ScenariosFile"}},
        "required": ["club.yaml", "actions.yaml"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def file_schema(kind: str) -> dict[str, Any]:
    """Of one kind of file: a key of KINDS."""
    definitions = club_schema()["$defs"]
    own = definitions[KINDS[kind].__name__]
    needed = _needed(own, definitions)
    return {
        "$schema": DIALECT,
        "title": kind,
        **{key: value for key, value in own.items() if key != "title"},
        "$defs": {name: each for name, each in definitions.items() if name in needed},
    }


def _as_written(schema: Any) -> Any:
    """Nothing after the colon says nothing, so a key is left out instead; and no name breaks its pattern."""
    if isinstance(schema, list):
        return [_as_written(each) for each in schema if each != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    left = {key: _as_written(each) for key, each in schema.items() if (key, each) != ("default", None)}
    if "patternProperties" in left:
        left.setdefault("additionalProperties", False)
    if len(choices := left.get("anyOf", ())) == 1:
        del left["anyOf"]
        return {**choices[0], **left}
    return left


def _needed(schema: object, definitions: Mapping[str, Any]) -> set[str]:
    """The definitions that it refers to, directly or not."""
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            name = str(each.get("$ref", "")).rpartition("/")[2]
            if name in definitions and name not in found:
                found.add(name)
                waiting.append(definitions[name])
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return found


def _definitions(found: dict[str, Any]) -> dict[str, Any]:
    models = {model.__name__: model for kind in KINDS.values() for model in entries_of(kind)}
    for name, schema in found.items():
        schema.pop("title", None)
        model = models.get(name)
        for key, field in fields_of(model).items() if model else ():
            if model and (mark := not_acted_on(model, key)):
                about = schema["properties"][key]
                about["description"] = f"{field.description} {mark}"
    return found


def entries_of(model: type[Entry]) -> list[type[Entry]]:
    """The model and every entry within it, each once, in the order of their keys."""
    found = [model]
    for entry in found:
        for field in entry.model_fields.values():
            found += [each for each in models_in(field.annotation) if each not in found]
    return found


def models_in(annotation: Any) -> list[type[Entry]]:
    """The entries that a field's type names."""
    if isinstance(annotation, type) and issubclass(annotation, Entry):
        return [annotation]
    within = getattr(annotation, "__args__", ())
    return [model for each in within for model in models_in(each)]


def fields_of(model: type[Entry]) -> dict[str, FieldInfo]:
    """The fields by their keys in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def not_acted_on(model: type[Entry], key: str) -> str:
    """A sentence about what this version does not do where the key is written; empty: it acts on it."""
    if key not in model.inactive:
        return ""
    field = fields_of(model)[key]
    without = [example for example in field.examples or () if key in _inactive_with(model, key, example)]
    if not without:
        return f"This version does not act on all that may stand here yet: {model.inactive[key]}."
    if len(without) == len(field.examples or ()):
        return f"This version does not act on it yet: {model.inactive[key]}."
    words = " or ".join(f"`{example}`" for example in without)
    return f"This version does not act on {words} yet: {model.inactive[key]}."


def _inactive_with(model: type[Entry], key: str, example: object) -> frozenset[str]:
    """The inactive keys of an entry that holds the example, and of the required keys their first ones."""
    values: dict[str, Any] = {}
    written = set()
    for name, field in model.model_fields.items():
        if (field.alias or name) == key:
            values[name] = _read(field, example)
            written.add(name)
        elif field.is_required() and field.examples:
            values[name] = _read(field, field.examples[0])
    return model.model_construct(_fields_set=written, **values).inactive_keys()


def _read(field: FieldInfo, example: object) -> Any:
    try:
        return TypeAdapter(field.rebuild_annotation()).validate_python(example)
    except ValidationError:
        return example
