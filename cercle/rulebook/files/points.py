"""points.yaml: what earns points, what multiplies them, and how much of it a day."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, ClassVar, Union

from pydantic import Field, PlainSerializer, PlainValidator, Tag, WithJsonSchema

from cercle.rulebook.built_in import REFERRAL, acts_on
from cercle.rulebook.codes import Code
from cercle.rulebook.entries.entry import (
    Condition,
    Duration,
    Entry,
    Identifier,
    sentence_error,
    words,
)
from cercle.rulebook.entries.shapes import shape_by, tag
from cercle.rulebook.files.during import DuringEntry
from cercle.rulebook.files.earning import Earn
from cercle.rulebook.files.limits import LimitEntry
from cercle.rulebook.files.wallets import GoodwillEntry, WalletEntry
from cercle.rulebook.spelling import number_meant

MOST_FACTOR = 100


def _inactive(*keys: str) -> Mapping[str, str]:
    return MappingProxyType(dict.fromkeys(keys, "the rule gives nothing"))


def _factor(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        meant = number_meant(value.removeprefix("+")) if isinstance(value, str) else ""
        if meant and "%" in str(value):
            raise sentence_error(
                "this must be a number, not a percentage: {percent}% more is `{factor}`",
                Code.BAD_NUMBER,
                percent=meant,
                factor=str(1 + Decimal(meant) / 100),
            )
        raise sentence_error(
            "this must be a number such as `2` or `1.5`", Code.BAD_NUMBER if meant else Code.WRONG_TYPE
        )
    if not 1 < value <= MOST_FACTOR:
        raise sentence_error(
            "a multiplier is more than 1 and at most 100: `2` doubles, `1.5` gives half as much again",
            Code.BAD_NUMBER,
        )
    return Fraction(value)


Factor = Annotated[
    Fraction, PlainValidator(_factor), PlainSerializer(str), WithJsonSchema({"type": "number"})
]


class SoonAfterEntry(Entry):
    """An earlier action, perhaps another member's, that must not be long ago."""

    action: Identifier = Field(description="The earlier action.", examples=["question_asked"])
    by: str = Field(
        description="The field that both actions have, and by which the earlier one is found.",
        examples=["question"],
    )
    at_most: Duration = Field(description="How long ago it may be at most.", examples=["30 minutes"])


class RuleEntry(Entry):
    """What all rules say."""

    inactive: ClassVar[Mapping[str, str]] = _inactive("on", "cooldown", "soon_after", "group")

    id: Identifier = Field(description="The rule's name; no two rules share one.", examples=["purchase-base"])
    on: Identifier = Field(
        description="The action that the rule is about: one of actions.yaml, or `birthday` and the like.",
        examples=["purchase", "birthday"],
    )
    when: Condition | None = Field(
        default=None,
        description="Only if this is true of the action. Left out, always.",
        examples=['channel == "web"', 'amount >= money("50 USD")'],
    )
    during: DuringEntry | None = Field(
        default=None,
        description="Only at these times, by the club's clocks. Left out, at all times.",
        examples=[{"days": ["sat", "sun"], "from": "2026-12-01", "until": "2026-12-24"}],
    )
    limit: LimitEntry | None = Field(
        default=None,
        description=(
            "How much of it one member gets at most: of a rule that multiplies, of what it adds. Left out, "
            "without limit."
        ),
        examples=[{"points": 200, "per": "day"}, {"times": 5, "per": "day"}],
    )
    cooldown: Duration | None = Field(
        default=None,
        description="How long the rule waits, after it gave something to a member, before it gives again.",
        examples=["10 minutes"],
    )
    soon_after: SoonAfterEntry | None = Field(
        default=None,
        description="Only soon after an earlier action, as an answer after its question.",
        examples=[{"action": "question_asked", "by": "question", "at_most": "30 minutes"}],
    )
    group: Identifier | None = Field(
        default=None,
        description="Of the rules of one group, only the one that gives most counts.",
        examples=["welcome"],
    )

    def inactive_keys(self) -> frozenset[str]:
        """Of what is built in, referrals are acted on."""
        keys = super().inactive_keys()
        return keys - {"on"} if acts_on(self.on, "points.yaml") else keys


class EarnRuleEntry(RuleEntry):
    """A rule that gives points."""

    inactive: ClassVar[Mapping[str, str]] = _inactive("on", "cooldown", "group")

    earn: Earn = Field(description="What the rule gives.", examples=[{"points": 50}])


class MultiplyRuleEntry(RuleEntry):
    """A rule that multiplies what all others give."""

    multiply: Factor = Field(
        description="By how much it multiplies what the action earns in the wallet `points`.",
        examples=[2, 1.5],
    )

    def inactive_keys(self) -> frozenset[str]:
        """A referral is paid later, and as the rule says: nothing multiplies it."""
        keys = super().inactive_keys()
        return keys | {"on"} if self.on == REFERRAL else keys


Rule = Annotated[
    Union[
        Annotated[EarnRuleEntry, Tag(tag("earn"))],
        Annotated[MultiplyRuleEntry, Tag(tag("multiply"))],
    ],
    shape_by(
        ("earn", "multiply"),
        "a rule says either `earn` or `multiply`, as in `earn: {points: 50}` or `multiply: 2`",
    ),
]


class StackingEntry(Entry):
    """How several rules of one action act together."""

    multiply: Annotated[str, words("best", "add", "product")] = Field(
        default="best",
        description=(
            "What several multipliers do: only the `best` counts; they `add` up (2 and 1.5 give 2.5); or "
            "each multiplies what the others give, their `product` (2 and 1.5 give 3)."
        ),
        examples=["best"],
    )


class PointsFile(Entry):
    """What earns points, in which wallets. The order of the rules changes nothing."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType({"goodwill": "agents make no gestures"})

    wallets: dict[Identifier, WalletEntry] = Field(
        default={},
        description="The kinds of points that members collect. Every club has the wallet `points`.",
        examples=[{"points": {"expires": "never"}, "karma": {"expires": "never"}}],
    )
    rules: list[Rule] = Field(
        default=[],
        description="What earns points, and what multiplies them.",
        examples=[[{"id": "purchase-base", "on": "purchase", "earn": {"points": 1, "for_each": "1 USD"}}]],
    )
    stacking: StackingEntry = Field(
        default=StackingEntry(),
        description="How several rules of one action act together.",
        examples=[{"multiply": "best"}],
    )
    goodwill: GoodwillEntry | None = Field(
        default=None,
        description="The gestures that agents may make beyond the rules, and their budget.",
        examples=[{"budget": "5000 points per agent per month", "at_most": "500 points"}],
    )
