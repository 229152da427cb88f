"""What the rules made of one action, rule by rule: fired or not, by which value, and what a limit cut."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cercle.rulebook import EarnRule, MultiplyRule, ReferralRule, Rulebook, SoonAfter
from cercle.rulebook.conditions.explaining import NO_CONDITION, Explained
from cercle.rulebook.entries.values import format_duration
from cercle.rulebook.phrases import in_wallet
from services.badges.events import BadgeUnlocked
from services.console.scenarios.asking import Question
from services.console.scenarios.catalogue import LEVEL, OFFER, RULE, Catalogue
from services.points.events import Earned, Grant

FIRED, NOT_FIRED, INACTIVE = "fired", "not fired", "inactive"
ON_BADGE, ON_TIER = "badge_unlocked", "tier_changed"
_DID_NOT_HAPPEN = {ON_BADGE: "no badge was unlocked", ON_TIER: "the tier did not change"}


class Line(NamedTuple):
    """One rule, achievement or offer. `place`: file and line. `why`: what it gave, or what decided.

    `desired` and `granted`: the points of a rule, before its limit and after it.
    """

    kind: str
    name: str
    place: str
    verdict: str
    why: str
    desired: int = 0
    granted: int = 0


class Tracer:
    """Makes the lines, of rules and of where they are written."""

    def __init__(self, rules: Rulebook, known: Catalogue) -> None:
        self._rules = rules
        self._known = known

    def trace(self, trigger: str, questions: Sequence[Question], events: Iterable[object]) -> list[Line]:
        """Of an action of the type `trigger`: what its services asked the rules, and what they decided."""
        found = list(events)
        earned = [event for event in found if isinstance(event, Earned)]
        unlocked = [event for event in found if isinstance(event, BadgeUnlocked)]
        lines: list[Line] = []
        for question in questions:
            match question.service:
                case "points":
                    lines += self._points(question, earned)
                case "referrals":
                    lines += self._referrals(question)
                case "badges":
                    lines += self._badges(question, unlocked)
                case "offers":
                    lines += self._offers(question)
        return [*lines, *self._inactive(trigger)]

    def _points(self, question: Question, earned: Iterable[Earned]) -> Iterator[Line]:
        granted = {grant.rule: (event.wallet, grant) for event in earned for grant in event.grants}
        guarded = self._rules.points.by_action.get(question.trigger)
        found = guarded.explain(*question[2:]) if guarded else ()
        multiplied = any(isinstance(each.item, MultiplyRule) and each.item.id in granted for each in found)
        for explained in found:
            rule = explained.item
            wallet, grant = granted.get(rule.id, (rule.wallet, Grant(rule.id, 0, 0)))
            gave = _gave(wallet, grant)
            if multiplied and isinstance(rule, MultiplyRule) and rule.id not in granted:
                gave = "adds nothing, since a larger multiplier does"
            if isinstance(rule, EarnRule) and rule.soon_after and rule.id not in granted:
                gave = _would_give(rule, rule.soon_after)
            place = self._place(RULE, rule.id)
            yield Line(RULE, rule.id, place, *_said(explained, gave), grant.desired, grant.granted)

    def _referrals(self, question: Question) -> Iterator[Line]:
        promises = self._rules.points.referrals.get(question.trigger)
        for explained in promises.explain(*question[2:]) if promises else ():
            rule = explained.item
            yield Line(RULE, rule.id, self._place(RULE, rule.id), *_said(explained, _promised(rule)))

    def _badges(self, question: Question, unlocked: Sequence[BadgeUnlocked]) -> Iterator[Line]:
        achievements = self._rules.badges.by_action.get(question.trigger)
        for explained in achievements.explain(*question[2:]) if achievements else ():
            achievement = explained.item
            levels = [event.level for event in unlocked if event.badge == achievement.id]
            counts = "counts" + "".join(f", and unlocks {level}" for level in levels)
            place = self._place(LEVEL, f"{achievement.id}: {achievement.levels[0].name}")
            yield Line("achievement", achievement.id, place, *_said(explained, counts))

    def _offers(self, question: Question) -> Iterator[Line]:
        offers = self._rules.offers.by_trigger.get(question.trigger)
        for explained in offers.explain(*question[2:]) if offers else ():
            offer = explained.item.id
            verdict, why = _said(explained, "is given")
            yield Line(OFFER, offer, self._place(OFFER, offer), verdict, why + _occasion(question))

    def not_asked(self, questions: Iterable[Question]) -> Iterator[Line]:
        """Offers on a badge or a tier, where none came of the action."""
        asked = {question.trigger for question in questions if question.service == "offers"}
        for each in self._known.acting:
            if each.kind == OFFER and each.trigger in _DID_NOT_HAPPEN.keys() - asked:
                place = self._place(OFFER, each.name)
                yield Line(OFFER, each.name, place, NOT_FIRED, _DID_NOT_HAPPEN[each.trigger])

    def _inactive(self, trigger: str) -> Iterator[Line]:
        for each in self._known.inactive:
            if each.trigger == trigger:
                yield Line(each.kind, each.name, each.where, INACTIVE, each.inactive)

    def _place(self, kind: str, name: str) -> str:
        listed = self._known.listed.get((kind, name))
        return listed.where if listed else ""


def _said(explained: Explained[Any], gave: str) -> tuple[str, str]:
    """The verdict, and why: what it gives and, where there is a condition, what decided."""
    if not explained.fired:
        return NOT_FIRED, explained.reason
    return FIRED, gave if explained.reason == NO_CONDITION else f"{gave} ({explained.reason})"


def _gave(wallet: str, grant: Grant) -> str:
    given = f"gives {in_wallet(grant.granted, wallet)}"
    if grant.granted == grant.desired:
        return given
    return f"{given} of {grant.desired}: its limit cuts {grant.desired - grant.granted}"


def _promised(rule: ReferralRule) -> str:
    friend = f", and {in_wallet(rule.friend, rule.wallet)} to the friend" if rule.friend else ""
    points = in_wallet(rule.points, rule.wallet)
    return f"gives {points}{friend}, once the friend first does {rule.after}"


def _would_give(rule: EarnRule, soon: SoonAfter) -> str:
    return (
        f"gives {in_wallet(rule.points, rule.wallet)} if a {soon.action} with the same {soon.by} was "
        f"at most {format_duration(soon.at_most)} before"
    )


def _occasion(question: Question) -> str:
    said: Mapping[str, object] = question.fields
    match question.trigger:
        case "badge_unlocked":
            return f" (on the badge {said['badge']}, {said['level']})"
        case "tier_changed":
            return f" (on the tier {said['tier']})"
    return ""
