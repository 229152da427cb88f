"""Names of other files in conditions: `badge == "colector"`, `"promotr" in member.segments`.

Without this a slip of the hand would be a condition that is never true, and nobody would be told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from cercle.rulebook.checks.conditions_of import Written, conditions_of
from cercle.rulebook.codes import Code
from cercle.rulebook.conditions.text import Token, text_at, tokens
from cercle.rulebook.declared import Declared
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.folder import Folder

_OF_TRIGGERS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("badge_unlocked", "badge"): "badge",
        ("badge_unlocked", "level"): "level",
        ("tier_changed", "tier"): "tier",
        ("tier_changed", "previous"): "tier",
        ("points_earned", "wallet"): "wallet",
        ("offer_issued", "offer"): "offer",
    }
)
_OF_MEMBERS: Mapping[tuple[str, str], str] = MappingProxyType(
    {("==", "member.tier"): "tier", ("in", "member.badges"): "badge", ("in", "member.segments"): "segment"}
)
_FILES = {
    "badge": "badges.yaml",
    "level": "badges.yaml",
    "tier": "tiers.yaml",
    "segment": "segments.yaml",
    "offer": "offers.yaml",
    "wallet": "points.yaml",
}


@dataclass(frozen=True, slots=True)
class _Mention:
    """`path == "name"`, or `"name" in path`. `sign` is `==` for `!=` too."""

    path: str
    sign: str
    name: str
    token: Token


def check_names(folder: Folder, declared: Declared, findings: Findings) -> None:
    """Names that no file declares are errors; of a file that is not there nothing is said."""
    for written in conditions_of(folder):
        mentions = list(_mentions(tokens(written.text)))
        for mention in mentions:
            kind = _kind(mention, written.trigger)
            if _FILES.get(kind) in declared.files:
                _check(mention, kind, _badge(mentions, written.trigger), written, declared, findings)


def _kind(mention: _Mention, trigger: str) -> str:
    """What the name is a name of; empty: nothing that files declare."""
    if mention.sign == "==" and (trigger, mention.path) in _OF_TRIGGERS:
        return _OF_TRIGGERS[trigger, mention.path]
    return _OF_MEMBERS.get((mention.sign, mention.path), "")


def _badge(mentions: Sequence[_Mention], trigger: str) -> str:
    """The one badge that the condition is about; empty: none, or several."""
    names = {each.name for each in mentions if _kind(each, trigger) == "badge" and each.sign == "=="}
    return names.pop() if len(names) == 1 else ""


def _check(
    mention: _Mention, kind: str, badge: str, written: Written, declared: Declared, findings: Findings
) -> None:
    allowed = _allowed(kind, badge, mention, declared)
    if allowed is None or mention.name in allowed or (kind == "tier" and not mention.name):
        return
    noun = "badge" if kind == "badge" and "/" not in mention.name else kind
    whose = (
        f"of the badge `{badge}`"
        if kind == "level" and badge in (declared.levels or ())
        else f"in {_FILES[kind]}"
    )
    place = written.place(mention.token.offset, len(mention.token.text))
    sentence = f"there is no {noun} `{mention.name}` {whose}"
    findings.wrong_word(Code.UNKNOWN_NAME, place, sentence, mention.name, allowed)


def _allowed(kind: str, badge: str, mention: _Mention, declared: Declared) -> frozenset[str] | None:
    if kind == "level":
        return _levels(badge, declared)
    if kind == "badge" and "/" in mention.name and declared.levels is not None:
        return frozenset(f"{name}/{level}" for name, levels in declared.levels.items() for level in levels)
    return {
        "badge": declared.badges,
        "tier": declared.tiers,
        "segment": declared.segments,
        "offer": declared.offers,
        "wallet": declared.wallets,
    }[kind]


def _levels(badge: str, declared: Declared) -> frozenset[str] | None:
    if declared.levels is None or badge in declared.levels:
        return None if declared.levels is None else declared.levels[badge]
    return frozenset(level for levels in declared.levels.values() for level in levels)


def _mentions(found: Sequence[Token]) -> Iterator[_Mention]:
    for index, token in enumerate(found):
        name = token.plain
        if name is None:
            continue
        before, after = text_at(found, index - 1), text_at(found, index + 1)
        if before in ("==", "!=") and (path := _path_before(found, index - 1)):
            yield _Mention(path, "==", name, token)
        elif after in ("==", "!=", "in") and (path := _path_after(found, index + 2)):
            yield _Mention(path, "in" if after == "in" else "==", name, token)


def _path_before(found: Sequence[Token], end: int) -> str:
    """`member.tier`, where it ends before the token `end`."""
    start = end
    while start > 0 and (found[start - 1].kind == "name" or text_at(found, start - 1) == "."):
        start -= 1
    return _path(found[start:end])


def _path_after(found: Sequence[Token], start: int) -> str:
    end = start
    while end < len(found) and (found[end].kind == "name" or text_at(found, end) == "."):
        end += 1
    return _path(found[start:end]) if text_at(found, end) not in ("(", "[") else ""


def _path(found: Sequence[Token]) -> str:
    return "".join(token.text for token in found)
