"""*_test.yaml: what is expected of the rules, as small stories that `cercle rules test` plays.

A step is what a member does (`do`), what is found then (`expect`), points being spent (`hold`,
`capture`, `release`) or sent to another member (`transfer`), or an offer being taken (`claim`), used
(`redeem`) or given back (`cancel`). Steps follow each other in time, and nothing but them moves the clock.
"""

from typing import Annotated, Union

from pydantic import AfterValidator, ConfigDict, Field, Tag, model_validator

from cercle.rulebook.codes import Code
from cercle.rulebook.entries.entry import (
    Duration,
    Entry,
    Identifier,
    Moment,
    Text,
    sentence_error,
    words,
)
from cercle.rulebook.entries.shapes import shape_by, tag
from cercle.rulebook.files.earning import POINTS
from cercle.rulebook.files.expectations import ExpectationEntry
from cercle.rulebook.times import LocalMoment

MOST_TIMES = 1_000
"""Of one step."""
LONGEST_STORY_MS = 100 * 365 * 86_400_000
"""From the first to the last time of one step, and of a hold."""
LONGEST_ID = 128
"""Characters."""
STEPS = ("do", "expect", "hold", "capture", "release", "transfer", "claim", "redeem", "cancel")
"""What a step says exactly one of."""


def _with_time(moment: LocalMoment) -> LocalMoment:
    if moment.time is None:
        raise sentence_error(
            "a step has a time of day; write it after the date, as in `{moment} 10:00`",
            Code.BAD_DATE,
            moment=str(moment),
        )
    return moment


def _short(name: str) -> str:
    if len(name) > LONGEST_ID or not name.isprintable():
        raise sentence_error(
            "this is a name, such as `order-7`: at most {most} characters, without line ends",
            Code.BAD_ID,
            most=LONGEST_ID,
        )
    return name


def _some_time(milliseconds: int) -> int:
    if not 0 < milliseconds <= LONGEST_STORY_MS:
        raise sentence_error(
            "a length of time is above zero here, and at most 100 years, as in `15 minutes`",
            Code.BAD_DURATION,
        )
    return milliseconds


TimedMoment = Annotated[Moment, AfterValidator(_with_time)]
"""`2026-03-02 10:00`, by the club's clocks."""
Name = Annotated[Text, AfterValidator(_short)]
Times = Annotated[int, Field(ge=1, le=MOST_TIMES)]


class StepEntry(Entry):
    """What all steps say."""

    at: TimedMoment = Field(
        description="When it happens, by the club's clocks. No step is earlier than the one before.",
        examples=["2026-03-02 10:00"],
    )
    member: Name = Field(description="The member's id; any name will do.", examples=["ana"])


class DoStep(StepEntry):
    """A member does something. Every other key is a field of that action, as actions.yaml has it."""

    model_config = ConfigDict(extra="allow")

    do: Identifier = Field(description="The action, as actions.yaml names it.", examples=["purchase"])
    fields: dict[str, object] | None = Field(
        default=None,
        description="Fields of the action whose names mean something else in a step, such as `id` or `at`.",
        examples=[{"id": "order-1"}],
    )
    id: Name | None = Field(
        default=None,
        description=(
            "The action's own id. Two actions with one id are one action, sent twice: it counts once. "
            "Left out, every action has its own."
        ),
        examples=["order-1"],
    )
    times: Times = Field(default=1, description="How many times it is done.", examples=[100])
    every: Duration | None = Field(
        default=None,
        description=(
            "How long after each time the next one follows, by the clocks: `1 day` is the same time on the "
            "next day. Left out, all at once."
        ),
        examples=["1 day", "2 hours"],
    )
    sent_at: TimedMoment | None = Field(
        default=None,
        description=(
            "When Cercle hears of it, where that is not `at`: later, if a till was offline, say. "
            "The order of the steps goes by it."
        ),
        examples=["2026-04-15 10:00"],
    )
    refused: Annotated[str, words("late", "future")] | None = Field(
        default=None,
        description=(
            "The action is expected not to count: it comes `late` (after the club's `lateness`), "
            "or happened in the `future`."
        ),
        examples=["late"],
    )

    @model_validator(mode="after")
    def _goes_together(self) -> "DoStep":
        if self.every is not None and "times" not in self.model_fields_set:
            raise sentence_error(
                "`every` goes with `times`, as in `times: 100, every: 1 day`", Code.STEP_KEYS
            )
        if self.times > 1 and (self.every or 0) * (self.times - 1) > LONGEST_STORY_MS:
            raise sentence_error(
                "the last time would be more than 100 years after the first; write fewer `times`, "
                "or a shorter `every`",
                Code.STEP_KEYS,
            )
        if self.sent_at is not None and self.times > 1:
            raise sentence_error(
                "`sent_at` is the moment of one action; with `times`, write a step for each",
                Code.STEP_KEYS,
            )
        return self


class HoldEntry(Entry):
    """Points that are set aside to be spent."""

    id: Name = Field(description="What `capture` and `release` call it.", examples=["order-7"])
    points: Annotated[int, Field(ge=1, le=2**53)] = Field(
        description="How many points are set aside.", examples=[30]
    )
    wallet: Identifier = Field(
        default=POINTS,
        alias="in",
        description="The wallet that they are taken from.",
        examples=[POINTS],
    )
    keep_for: Annotated[Duration, AfterValidator(_some_time)] = Field(
        description="How long they are set aside; then they are available again by themselves.",
        examples=["15 minutes"],
    )


class HoldStep(StepEntry):
    """A member begins to spend points."""

    hold: HoldEntry = Field(
        description="The points to set aside.",
        examples=[{"id": "order-7", "points": 30, "keep_for": "15 minutes"}],
    )
    refused: Annotated[str, words("insufficient_points")] | None = Field(
        default=None,
        description="It is expected to be refused: the member has fewer points.",
        examples=["insufficient_points"],
    )


ClosingRefusal = Annotated[str, words("hold_unknown", "hold_captured", "hold_released")]


class CaptureStep(StepEntry):
    """What a hold set aside is spent."""

    capture: Name = Field(description="The id of the hold.", examples=["order-7"])
    refused: ClosingRefusal | None = Field(
        default=None,
        description="It is expected to be refused: there is no such hold, or it was closed before.",
        examples=["hold_released"],
    )


class ReleaseStep(StepEntry):
    """What a hold set aside is available again."""

    release: Name = Field(description="The id of the hold.", examples=["order-7"])
    refused: ClosingRefusal | None = Field(
        default=None,
        description="It is expected to be refused: there is no such hold, or it was closed before.",
        examples=["hold_captured"],
    )


class TransferredEntry(Entry):
    """Points for another member."""

    to: Name = Field(description="The member who is to have them.", examples=["bob"])
    points: Annotated[int, Field(ge=1, le=2**53)] = Field(
        description="How many points are sent.", examples=[50]
    )
    wallet: Identifier = Field(
        default=POINTS,
        alias="in",
        description="The wallet that they are taken from, and put into.",
        examples=[POINTS],
    )


class TransferStep(StepEntry):
    """A member sends points to another one."""

    transfer: TransferredEntry = Field(
        description="The points to send.", examples=[{"to": "bob", "points": 50}]
    )
    refused: (
        Annotated[
            str, words("insufficient_points", "transfer_limit", "transfer_not_allowed", "self_transfer")
        ]
        | None
    ) = Field(
        default=None,
        description=(
            "It is expected to be refused: the member has fewer points, or the wallet's `transfer` "
            "does not allow it."
        ),
        examples=["transfer_limit"],
    )


class ClaimStep(StepEntry):
    """A member takes an offer, for its price or free: all of it or nothing."""

    claim: Identifier = Field(description="The offer, as offers.yaml names it.", examples=["ten-off"])
    id: Name | None = Field(
        default=None,
        description=(
            "What `redeem` and `cancel` call this claim. Two claims of one member with one id are one, "
            "asked twice. Left out, every claim is one of its own."
        ),
        examples=["c1"],
    )
    refused: (
        Annotated[
            str,
            words(
                "insufficient_points", "out_of_stock", "limit_reached", "budget_spent", "not_available_now"
            ),
        ]
        | None
    ) = Field(
        default=None,
        description=(
            "It is expected to be refused: the member has fewer points than its price, or the offer's "
            "`stock`, `limit`, `budget` or `during` does not allow it."
        ),
        examples=["out_of_stock", "limit_reached"],
    )


class RedeemStep(StepEntry):
    """The code of a claim is used, once. `member` is who claimed."""

    redeem: Name = Field(description="The id of the claim.", examples=["c1"])
    refused: Annotated[str, words("code_redeemed", "code_cancelled", "code_expired")] | None = Field(
        default=None,
        description="It is expected to be refused: the code was used or cancelled, or is no longer valid.",
        examples=["code_expired"],
    )


class CancelStep(StepEntry):
    """A claim is taken back: points and stock are there again."""

    cancel: Name = Field(description="The id of the claim.", examples=["c1"])
    refused: (
        Annotated[str, words("code_redeemed", "code_expired", "claim_cancelled", "claim_not_issued")] | None
    ) = Field(
        default=None,
        description=(
            "It is expected to be refused: the code was used or is no longer valid, or the claim was "
            "cancelled before, or refused itself."
        ),
        examples=["code_redeemed"],
    )


class ExpectStep(StepEntry):
    """What a member is expected to have at that moment."""

    expect: ExpectationEntry = Field(
        description="What the member has then. What is not named is not looked at.",
        examples=[{"points": 42, "tier": "gold", "badges": {"collector": "silver"}}],
    )


AnyStep = Annotated[
    Union[
        Annotated[DoStep, Tag(tag("do"))],
        Annotated[ExpectStep, Tag(tag("expect"))],
        Annotated[HoldStep, Tag(tag("hold"))],
        Annotated[CaptureStep, Tag(tag("capture"))],
        Annotated[ReleaseStep, Tag(tag("release"))],
        Annotated[TransferStep, Tag(tag("transfer"))],
        Annotated[ClaimStep, Tag(tag("claim"))],
        Annotated[RedeemStep, Tag(tag("redeem"))],
        Annotated[CancelStep, Tag(tag("cancel"))],
    ],
    shape_by(
        STEPS,
        f"a step says exactly one of {', '.join(f'`{word}`' for word in STEPS[:-1])} and `{STEPS[-1]}`, "
        "as in `do: purchase`; an action's field with such a name is written within `fields`",
        code=Code.STEP_KEYS,
    ),
]


class ScenarioEntry(Entry):
    """A story: members do things, and have what the rules give. Every story begins with an empty club."""

    name: Text = Field(
        description="What it shows, in your words.",
        examples=["gold members earn one and a half times as much"],
    )
    steps: Annotated[list[AnyStep], Field(min_length=1)] = Field(
        description="What happens, in the order in which it happens.",
        examples=[
            [
                {"at": "2026-03-02 10:00", "member": "ana", "do": "purchase", "amount": "42.90 USD"},
                {"at": "2026-03-02 10:00", "member": "ana", "expect": {"points": 42}},
            ]
        ],
    )


class ScenariosFile(Entry):
    """A file of scenarios: any file of the club whose name ends in `_test.yaml`."""

    scenarios: list[ScenarioEntry] = Field(
        description="The stories; none depends on another.",
        examples=[
            [
                {
                    "name": "one point for each whole dollar",
                    "steps": [
                        {"at": "2026-03-02 10:00", "member": "ana", "do": "purchase", "amount": "42.90 USD"},
                        {"at": "2026-03-02 10:00", "member": "ana", "expect": {"points": 42}},
                    ],
                }
            ]
        ],
    )
