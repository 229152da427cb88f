"""Names in a condition that it cannot mean: what they were probably meant to be."""

from cercle.rulebook.codes import Code
from cercle.rulebook.conditions.messages import LOCAL_FIELDS, MEMBER_FIELDS, PACKAGE
from cercle.rulebook.conditions.text import Problem, Token
from cercle.rulebook.conditions.words import TEXT_METHODS, Around, Words, describe_type
from cercle.rulebook.diagnostics import nearest

_MACROS = ("exists", "all", "exists_one", "filter", "map")
_FUNCTIONS = ("money", "local", "size", "duration", "timestamp", *_MACROS, *TEXT_METHODS)
_OTHER_NAMES = {
    "any": "exists",
    "some": "exists",
    "every": "all",
    "len": "size",
    "length": "size",
    "count": "size",
    "includes": "contains",
    "like": "contains",
    "beginsWith": "startsWith",
}
_NOW = ("now", "today", "date", "time")


def undeclared(name: str, offset: int, around: Around, words: Words) -> Problem:
    """A variable or a function that there is not. CEL gives a path (`a.b.c`) and points at its end."""
    root, _, rest = name.partition(".")
    index = around.at(offset, root)
    token = around.found[index]
    following = around.found[index + 1].text if index + 1 < len(around.found) else ""
    if following == "(":
        return _function(token, index, around, words)
    if root in words.personal:
        sentence = f"`{root}` is personal: a condition may not read it"
        return token.problem(Code.CONDITION_PERSONAL, sentence)
    if sentence := _elsewhere(root, rest.partition(".")[0], words):
        return token.problem(Code.CONDITION_FIELD, sentence)
    if sentence := _unquoted(index, around, words):
        return token.problem(Code.CONDITION_FIELD, sentence)
    return token.problem(Code.CONDITION_FIELD, _unknown(root, words), root, tuple(words.variables))


def _unknown(name: str, words: Words) -> str:
    return f"`{name}` is not a field of {words.subject}" if words.subject else f"`{name}` is not known here"


def _elsewhere(root: str, part: str, words: Words) -> str:
    """Where a name is at home, if it is one that is known."""
    if root == "metrics":
        if words.metrics is None:
            return "a metric's own condition cannot read other metrics"
        return "there are no metrics yet: declare them in metrics.yaml"
    if root == "occurred_at":
        return "`occurred_at` is not known here: this condition is about a member and not about an action"
    if root in words.triggers and part:
        return f"a condition on {words.subject} names its fields alone: write `{part}` for `{root}.{part}`"
    if nearest(root, words.variables):
        return ""
    if root in MEMBER_FIELDS:
        return f"`{root}` belongs to the member: write `member.{root}`"
    if words.metrics and root in words.metrics:
        return f"`{root}` is a metric: write `metrics.{root}`"
    for field, parts in words.records.items():
        if root in parts:
            example = f"{field}.exists(i, i.{root} == ...)"
            return f"`{root}` is a field of each entry of `{field}`: ask {example}"
    if root in LOCAL_FIELDS:
        return f"the club's own {root} of the action is written local(occurred_at).{root}"
    if root in _NOW:
        return f"`{root}` is not known here; when the action happened is `occurred_at`"
    owners = words.elsewhere.get(root, ())
    if owners and words.subject:
        others = " and ".join(f"`{each}`" for each in owners[:3])
        return f"{_unknown(root, words)}; it is one of {others}"
    return ""


def _unquoted(index: int, around: Around, words: Words) -> str:
    """A text without quotes: beside a comparison, in a list or in a call."""
    found, name = around.found, around.found[index].text
    before = found[index - 1].text if index else ""
    if name in ("null", "none", "None", "empty", "nil") and before in ("==", "!="):
        return f'nothing is `{name}` here: an absent text reads as "", an absent number as 0'
    in_call = before == "(" and index > 1 and found[index - 2].kind == "name"
    follows = before in ("==", "!=", "[", ",") or in_call
    precedes = [token.text for token in found[index + 1 : index + 2]] in (["=="], ["!="])
    compared = found[index + 2 : index + 3] if precedes and not follows else []
    if nearest(name, words.variables) or not (follows or any(token.kind == "name" for token in compared)):
        return ""
    return f'{_unknown(name, words)}; a text stands in quotes: "{name}"'


def _function(token: Token, index: int, around: Around, words: Words) -> Problem:
    name = token.text
    found = around.found
    value = around.part(around.before(index - 1)) if index and found[index - 1].text == "." else ""
    if name in _MACROS:
        sentence = (
            f"`{name}` takes a name for one entry, a comma, and a condition on it, "
            f"as in {words.entries(value, name)}"
        )
    elif name in TEXT_METHODS:
        sentence = f'`{name}` follows a point and takes one text, as in {words.text}.{name}("web")'
    elif name == "size":
        sentence = (
            f"`size` follows a point and takes nothing, as in {next(iter(words.records), 'items')}.size()"
        )
    elif name in ("sum", "max", "min", "avg", "average", "total"):
        sentence = f"conditions have no `{name}`; metrics.yaml can add up amounts and numbers (`sum: ...`)"
    elif name in _NOW:
        sentence = f"conditions have no `{name}`; when the action happened is `occurred_at`"
    else:
        return _unknown_function(token)
    return token.problem(Code.CONDITION_FUNCTION, sentence)


def _unknown_function(token: Token) -> Problem:
    known = _OTHER_NAMES.get(token.text, "")
    sentence = f"there is no function `{token.text}`"
    if known:
        return token.problem(Code.CONDITION_FUNCTION, f"{sentence}; it is called `{known}`")
    return token.problem(Code.CONDITION_FUNCTION, sentence, token.text, _FUNCTIONS)


def undefined_field(field: str, message: str, offset: int, around: Around, words: Words) -> Problem:
    """A field of `member`, `metrics`, a local time or a list's entry that there is not."""
    token = around.found[around.at(offset, field)]
    owner, fields = words.messages[message]
    if message == f"{PACKAGE}.metrics":
        if not fields:
            sentence = "there are no metrics yet: declare them in metrics.yaml"
            return token.problem(Code.CONDITION_FIELD, sentence)
        return token.problem(
            Code.CONDITION_FIELD, f"`{field}` is not a metric of metrics.yaml", field, tuple(fields)
        )
    return token.problem(Code.CONDITION_FIELD, f"`{field}` is not a field of {owner}", field, tuple(fields))


def no_part(kind: str, offset: int, around: Around, words: Words) -> Problem:
    """`.name` after something that has no parts. CEL points at the point."""
    index = around.at(offset, ".")
    value = around.part(around.before(index))
    if index + 1 >= len(around.found):
        return around.found[index].problem(Code.CONDITION_UNREADABLE, "something must follow the point")
    token = around.found[index + 1]
    return token.problem(Code.CONDITION_FIELD, _no_part(kind, value, token.text, words))


def _no_part(kind: str, value: str, part: str, words: Words) -> str:
    if kind.startswith("list"):
        if part in ("size", "length", "count", "len"):
            return f"how many entries `{value}` has is written {value}.size()"
        if part in words.records.get(value, {}):
            return (
                f"`{value}` is a list; ask for an entry that has it, as in {value}.exists(i, i.{part} == ...)"
            )
        return f"`{value}` is a list; ask something of its entries, as in {words.entries(value)}"
    if kind.lower().endswith("timestamp"):
        known = nearest(part, LOCAL_FIELDS) or "hour"
        return f"the parts of a time are those of the club's own clocks: write local({value}).{known}"
    if kind == "string" and part in ("size", "length", "count", "len"):
        return f"how many letters `{value}` has is written {value}.size()"
    return f"`{value}` is {describe_type(kind)}, which has no parts such as `{part}`"
