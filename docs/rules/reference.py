"""The text of reference.md: every key of every rules file, from the models and their JSON Schema."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from inspect import getdoc
from typing import Any

from cercle.rulebook.entries.entry import Entry
from cercle.rulebook.schema import KINDS, club_schema, entries_of, fields_of, models_in, not_acted_on

_INTRODUCTION = """\
# The rules files: every key

Made from the code by `make rules-docs`; a test keeps it fresh. For a first club, read the tutorial; \
`cercle rules check` says the same as this page, at the very word that is wrong.

Each table names the keys that may stand in one place: what a key says, what is written after the colon, \
and what holds where the key is left out. The last column names what this version of Cercle reads and \
checks, but does not act on yet, and what follows from that. `cercle rules check` warns of each, and \
such rules are published only with `--accept-inactive`.

An editor with a YAML language server shows all this while one types. Once, beside the rules:

```sh
cercle rules schema --file points.yaml > points.schema.json
```

and in the first line of `points.yaml`:

```yaml
# yaml-language-server: $schema=points.schema.json
```

The same goes for each other file; `cercle rules schema` without `--file` prints one schema for a whole \
folder.

For scripts: `cercle rules check` ends with status 0 where all is sound, 1 where there are errors (with \
`--strict`, warnings too), and 2 where the folder cannot be read. `--format json` prints one list of \
objects (file, line, column, length, severity, code, sentence, nearest), `--format github` prints \
annotations for GitHub Actions.
"""
_SHARED = "Used in several places"
_LARGE = 2**53
_PLAIN = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
}


@dataclass(frozen=True)
class Section:
    """A model and the heading under which it stands."""

    model: type[Entry]
    heading: str

    @property
    def anchor(self) -> str:
        """As GitHub makes it of the heading."""
        kept = re.sub(r"[^\w\- ]", "", self.heading.lower())
        return kept.strip().replace(" ", "-")


def reference() -> str:
    """The page."""
    definitions = club_schema()["$defs"]
    shared = _shared()
    of_files = {name: _sections(name, model, shared) for name, model in KINDS.items()}
    common = [Section(model, _said(model)[0]) for model in shared]
    links = {each.model.__name__: each.anchor for sections in of_files.values() for each in sections}
    links |= {each.model.__name__: each.anchor for each in common}
    lines = [_INTRODUCTION, *_contents(of_files)]
    for sections in of_files.values():
        for depth, section in enumerate(sections):
            lines += ["", *_section(section, "##" if not depth else "###", definitions, links)]
    lines += ["", f"## {_SHARED}"]
    for section in common:
        lines += ["", *_section(section, "###", definitions, links)]
    return "\n".join(lines) + "\n"


def _contents(of_files: Mapping[str, list[Section]]) -> Iterator[str]:
    for name, sections in of_files.items():
        yield f"- [`{name}`](#{sections[0].anchor})"
    yield f"- [{_SHARED}](#{Section(Entry, _SHARED).anchor})"


def _shared() -> list[type[Entry]]:
    """The models that stand in several files."""
    count: dict[type[Entry], int] = {}
    for kind in KINDS.values():
        for model in entries_of(kind):
            count[model] = count.get(model, 0) + 1
    return [model for model, files in count.items() if files > 1]


def _sections(name: str, root: type[Entry], shared: list[type[Entry]]) -> list[Section]:
    """In the order of the keys; each model under the path that first leads to it."""
    found = [Section(root, name)]
    seen = {root, *shared}
    _descend(root, (), found, seen)
    return found


def _descend(model: type[Entry], path: tuple[str, ...], found: list[Section], seen: set[type[Entry]]) -> None:
    for key, field in fields_of(model).items():
        below = models_in(field.annotation)
        for each in below:
            if each in seen:
                continue
            seen.add(each)
            where = " › ".join(f"`{step}`" for step in (*path, key))
            found.append(Section(each, f"{where}: {_lower(_said(each)[0])}"))
            _descend(each, (*path, key), found, seen)


def _said(model: type[Entry]) -> tuple[str, str]:
    """The first sentence of what the model says of itself, without its point; and the rest."""
    first, _, rest = " ".join((getdoc(model) or "").split()).partition(". ")
    return first.rstrip("."), rest


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _section(
    section: Section, level: str, definitions: Mapping[str, Any], links: Mapping[str, str]
) -> Iterator[str]:
    first, rest = _said(section.model)
    yield f"{level} {section.heading}"
    if not section.heading.endswith(first[1:]):
        yield from ("", f"{first}.")
    if rest:
        yield from ("", rest)
    schema = definitions[section.model.__name__]
    rows = list(_rows(section.model, schema, links))
    if rows:
        yield from (
            "",
            "| key | what it says | what is written | left out | for example | not acted on yet |",
        )
        yield "|---|---|---|---|---|---|"
        yield from rows


def _rows(model: type[Entry], schema: Mapping[str, Any], links: Mapping[str, str]) -> Iterator[str]:
    for key, field in fields_of(model).items():
        about = schema["properties"][key]
        required = key in schema.get("required", ())
        examples = [f"`{flow(example)}`" for example in (field.examples or ())[:2]]
        cells = [
            f"`{key}`",
            field.description or "",
            _type(about, links),
            "required" if required else _default(about),
            " or ".join(examples),
            _mark(not_acted_on(model, key)),
        ]
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _mark(sentence: str) -> str:
    """The column's head says already what this version does not do."""
    short = sentence.removeprefix("This version does not act on ").removeprefix("it yet: ")
    return short.replace(" yet: ", ": ").rstrip(".")


def _default(about: Mapping[str, Any]) -> str:
    return f"`{flow(about['default'])}`" if about.get("default") not in (None, [], {}) else ""


def _type(about: Mapping[str, Any], links: Mapping[str, str]) -> str:
    """In plain words."""
    if name := str(about.get("$ref", "")).rpartition("/")[2]:
        return f"[these keys](#{links[name]})"
    if "title" in about:
        return str(about["title"])
    if "enum" in about:
        return _either(f"`{word}`" for word in about["enum"])
    if "const" in about:
        return f"`{about['const']}`"
    for key in ("anyOf", "oneOf"):
        if key in about:
            return _either(dict.fromkeys(_type(each, links) for each in about[key]))
    return _of_kind(about, links)


def _of_kind(about: Mapping[str, Any], links: Mapping[str, str]) -> str:
    kind = about.get("type")
    if kind == "array":
        return f"a list, each entry {_type(about.get('items', {}), links)}"
    if kind == "object":
        values = about.get("additionalProperties", {})
        values = next(iter(about.get("patternProperties", {}).values()), values)
        return f"names, each followed by {_type(values if isinstance(values, dict) else {}, links)}"
    if kind in ("integer", "number"):
        return _PLAIN[kind] + _bounds(about)
    return _PLAIN.get(str(kind), "any value")


def _bounds(about: Mapping[str, Any]) -> str:
    low, high = about.get("minimum"), about.get("maximum")
    if high is None or high >= _LARGE:
        return "" if low is None else f", {low:,} or more"
    return f", {high:,} or less" if low is None else f" from {low:,} to {high:,}"


def _either(words: Any) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else str(last)


def flow(value: Any, within: bool = False) -> str:
    """YAML on one line, as a marketer would write it. `within`: brackets, where more letters want quotes."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(each, True)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(each, True) for each in value) + "]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    text = str(value)
    return text if _plain_text(text, within) else "'" + text.replace("'", "''") + "'"


def _plain_text(text: str, within: bool) -> bool:
    return (
        text[:1].isalnum()
        and not re.fullmatch(r"[0-9.]+|true|false|null", text)
        and not re.search(r": |:$| #", text)
        and not (within and re.search(r"[{}\[\],]", text))
    )
