"""A rulebook that tells what it was asked: the very facts on which a service's domain judged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

from msgspec import structs

from cercle.domain.action import Action
from cercle.rulebook import (
    Achievement,
    BadgeRules,
    FiredRules,
    MemberFacts,
    Offer,
    OfferRules,
    PointsRules,
    ReferralRule,
    Rulebook,
)


class Question(NamedTuple):
    """The rules of one service were asked about an action, or about `badge_unlocked` or `tier_changed`.

    `referrals`: those of points that are on a referral.

    `occurred_at` in ms; `facts`: what conditions saw of the member.
    """

    service: str
    trigger: str
    fields: Mapping[str, object]
    occurred_at: int
    facts: MemberFacts


Listener = Callable[[Question], None]


@dataclass(frozen=True)
class _Points(PointsRules):
    listener: Listener = field(kw_only=True)

    def rules_for(self, action: Action, member: MemberFacts) -> FiredRules:
        self.listener(Question("points", action.type, action.fields, action.occurred_at, member))
        return super().rules_for(action, member)

    def referrals_for(self, action: Action, member: MemberFacts) -> tuple[ReferralRule, ...]:
        self.listener(Question("referrals", action.type, action.fields, action.occurred_at, member))
        return super().referrals_for(action, member)


@dataclass(frozen=True)
class _Badges(BadgeRules):
    listener: Listener = field(kw_only=True)

    def counted(self, action: Action, member: MemberFacts) -> tuple[Achievement, ...]:
        self.listener(Question("badges", action.type, action.fields, action.occurred_at, member))
        return super().counted(action, member)


@dataclass(frozen=True)
class _Offers(OfferRules):
    listener: Listener = field(kw_only=True)

    def issued_on(
        self, trigger: str, fields: Mapping[str, object], occurred_at: int, member: MemberFacts
    ) -> tuple[Offer, ...]:
        self.listener(Question("offers", trigger, fields, occurred_at, member))
        return super().issued_on(trigger, fields, occurred_at, member)


def overheard(rules: Rulebook, listener: Listener) -> Rulebook:
    """The same rules; the listener is told every question before it is answered."""

    def heard(question: Question) -> None:
        # Metrics are read from the member's state when they are asked for, and the state goes on.
        facts = structs.replace(question.facts, metrics=dict(question.facts.metrics))
        listener(question._replace(facts=facts))

    return replace(
        rules,
        points=_Points(**_said(rules.points), listener=heard),
        badges=_Badges(**_said(rules.badges), listener=heard),
        offers=_Offers(**_said(rules.offers), listener=heard),
    )


def _said(rules: Any) -> dict[str, Any]:
    return {each.name: getattr(rules, each.name) for each in fields(rules) if each.init}
