"""A member as somebody describes one to `cercle rules explain`."""

from collections.abc import Iterable, Mapping
from typing import Union

import msgspec
from pydantic_core import PydanticCustomError

from cercle.actions.instants import parse_instant
from cercle.domain.decision import Instant
from cercle.rulebook import MemberFacts, Rulebook
from cercle.rulebook.diagnostics import advice
from cercle.rulebook.entries import values
from cercle.rulebook.metrics import Metric
from cercle.rulebook.money import parse_money
from cercle.rulebook.times import instant
from services.console.scenarios.catalogue import RULE, Catalogue
from services.console.scenarios.json_text import json_fault

_EXAMPLE = (
    '{"tier": "gold", "badges": ["collector/silver"], "joined_at": "2026-01-31", '
    '"metrics": {"answers": 3}, "given": {"vinyl-lover": {"points": 150, "times": 3}}}'
)


class StateError(Exception):
    """The member cannot be read; the text says what is wrong and what was expected."""


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a rule gave the member on the day of the action, before it."""

    points: int = 0
    times: int = 0


class _Described(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tier: str = ""
    badges: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    joined_at: str = ""
    metrics: dict[str, Union[int, str]] = msgspec.field(default_factory=dict)
    given: dict[str, Given] = msgspec.field(default_factory=dict)


class State(msgspec.Struct, frozen=True):
    """What conditions see of the member, and what limits are compared with, by rule id."""

    facts: MemberFacts
    given: dict[str, Given]


def read_state(text: str, rules: Rulebook, known: Catalogue) -> State:
    """The member in a JSON object: tier, badges, segments, joined_at, metrics, given; all may be left out.

    `metrics` are as they are with the action counted; of those left out, the action is the first that
    counts. Raises StateError.
    """
    try:
        said = msgspec.json.decode(text, type=_Described)
    except (msgspec.DecodeError, RecursionError) as error:
        why = json_fault(text) or error
        raise StateError(f"The member cannot be read: {why}. Write JSON, such as {_EXAMPLE}.") from None
    _check("tier", "tier of tiers.yaml", {said.tier} - {""}, known.names.tiers)
    _check("badges", "badge of badges.yaml", map(_badge, said.badges), known.names.badges)
    names = {each.name for each in (*known.acting, *known.inactive) if each.kind == RULE}
    _check("given", "rule of points.yaml", said.given, names)
    badges = sorted({word for badge in said.badges for word in (badge, _badge(badge))})
    joined_at = _instant(said.joined_at, rules) if said.joined_at else 0
    metrics = _metrics(said.metrics, rules)
    return State(MemberFacts(said.tier, tuple(badges), said.segments, joined_at, metrics), said.given)


def _badge(word: str) -> str:
    """`collector/silver` is a level of `collector`."""
    return word.partition("/")[0]


def _check(key: str, what: str, words: Iterable[str], allowed: Iterable[str]) -> None:
    for word in words:
        if word not in allowed:
            raise StateError(f"The member's {key}: `{word}` is not a {what}{advice(word, allowed)}")


def _instant(text: str, rules: Rulebook) -> Instant:
    moment = parse_instant(text)
    if moment is not None:
        return moment
    try:
        return instant(values.moment(text), rules.club.time_zone)
    except PydanticCustomError as error:
        raise StateError(f"The member's joined_at: {error.message()}.") from None


def _metrics(said: Mapping[str, Union[int, str]], rules: Rulebook) -> dict[str, int]:
    known = {**rules.points.metrics.metrics, **rules.badges.metrics.metrics, **rules.offers.metrics.metrics}
    _check("metrics", "metric that a rule reads", said, known)
    return {name: _number(known[name], value, rules.club.currency) for name, value in said.items()}


def _number(metric: Metric, value: Union[int, str], currency: str) -> int:
    money = parse_money(value) if isinstance(value, str) else None
    if metric.is_money and money is not None and money[1] == currency:
        return money[0]
    if metric.is_money or not isinstance(value, int):
        expected = (
            f'an amount, such as "120.00 {currency}"' if metric.is_money else "a whole number, such as 3"
        )
        raise StateError(f"The member's metrics: `{metric.id}` is {expected}.")
    return value
