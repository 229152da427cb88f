"""JSON that a person typed: what is wrong with it, where, and what it looks like."""

import json

_EXPECTED = {
    "Expecting property name": "a name in double quotes must stand here",
    "Expecting ':'": "a colon must stand here, between a name and its value",
    "Expecting ','": "a comma or a closing bracket is missing before this",
    "Expecting value": "a value must stand here: a number, true, false, or a text in double quotes",
    "Unterminated string": "the double quotes that open here are never closed",
    "Extra data": "it is complete before this, and nothing may follow",
}
_SHOWN = 20
"""Characters from where it is wrong."""


def json_fault(text: str) -> str:
    """Half a sentence that says where it is no JSON, and what was expected; empty where it is some."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        rest = error.doc[error.pos :].split("\n", 1)[0].strip()
        at = f"at `{rest[:_SHOWN]}`" if rest else "at the end"
        why = next((why for what, why in _EXPECTED.items() if error.msg.startswith(what)), "")
        return f"line {error.lineno}, character {error.colno}, {at}: {why or 'this cannot stand here'}"
    except RecursionError:
        return "there are too many brackets in each other"
    return ""
