"""The wallets of points.yaml, and the gestures that agents may make beyond the rules."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, NamedTuple, Union

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from cercle.rulebook.codes import Code
from cercle.rulebook.entries import json_types
from cercle.rulebook.entries.entry import (
    Duration,
    Entry,
    WalletPoints,
    sentence_error,
    words,
)
from cercle.rulebook.entries.shapes import tag
from cercle.rulebook.entries.values import period, wallet_points
from cercle.rulebook.files.limits import TransferLimit

NEVER = "never"
ALLOWED = "allowed"
_ENDS = ("end of month", "end of quarter", "end of year", "end of next year")
_AFTER = " after earning"
_POINTS = re.compile(r"[0-9]{1,12} [a-z0-9_-]+")
_BUDGET = re.compile(r"(.*) per agent per (day|week|month|year)")


def _expires(value: object) -> str:
    """As it is written, a length of time in its plain spelling."""
    if value in (NEVER, *_ENDS):
        return str(value)
    if isinstance(value, str) and value.endswith(_AFTER):
        return f"{period(value.removesuffix(_AFTER))}{_AFTER}"
    allowed = [NEVER, *_ENDS, f"12 months{_AFTER}"]
    if isinstance(value, str):
        raise PydanticCustomError(
            "word",
            "`{word}` does not say when points expire: `never`, `12 months after earning` or `end of year`",
            {"word": value, "allowed": allowed},
        )
    raise sentence_error(
        "this must say when points expire: `never`, `12 months after earning` or `end of year`",
        Code.WRONG_TYPE,
    )


class Budget(NamedTuple):
    """So many points of a wallet for one agent in each calendar `per`."""

    points: int
    wallet: str
    per: str

    def __str__(self) -> str:
        return f"{self.points} {self.wallet} per agent per {self.per}"


def _budget(value: object) -> Budget:
    match = _BUDGET.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise sentence_error(
            "this is not a budget for gestures; write `5000 points per agent per month` "
            "(or per day, week or year)",
            Code.WRONG_SHAPE,
        )
    return Budget(*wallet_points(match[1]), match[2])


class TransferEntry(Entry):
    """How much members may send to each other."""

    at_most: WalletPoints | None = Field(
        default=None,
        description="How many points one transfer may move. Left out, as many as the sender has.",
        examples=["500 points"],
    )
    limit: TransferLimit | None = Field(
        default=None,
        description="How much one member may send in a period. Left out, without limit.",
        examples=[{"points": 1000, "per": "day"}, {"times": 3, "per": "week"}],
    )


def _allowed(value: str) -> str:
    if value == ALLOWED:
        return value
    if value in ("no", "never", "none", "forbidden"):
        raise sentence_error(
            "where members may not send points to each other, `transfer` is left out", Code.UNKNOWN_WORD
        )
    if _POINTS.fullmatch(value):
        raise sentence_error(
            "`{written}` has no key; for the most that one transfer may move, write "
            "`transfer: {open}at_most: {written}{close}`",
            Code.WRONG_TYPE,
            written=value,
            open="{",
            close="}",
        )
    raise PydanticCustomError(
        "word",
        "`{word}` does not say how points are sent: `transfer: allowed`, or with limits, as in "
        "`transfer: {open}limit: {open}points: 1000, per: day{close}{close}`",
        {"word": value, "allowed": [ALLOWED], "open": "{", "close": "}"},
    )


def _without_limits(transfer: "str | TransferEntry") -> "str | TransferEntry":
    """`transfer: {}` says the same as `transfer: allowed`."""
    return ALLOWED if transfer == TransferEntry() else transfer


Transfer = Annotated[
    Union[
        Annotated[str, AfterValidator(_allowed), WithJsonSchema({"const": ALLOWED}), Tag(tag("word"))],
        Annotated[TransferEntry, Tag(tag("limits"))],
    ],
    Discriminator(lambda value: tag("word" if isinstance(value, str) else "limits")),
    AfterValidator(_without_limits),
]


class WalletEntry(Entry):
    """One kind of points that members collect."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "pending": "points can be spent at once",
            "expires": "points never expire",
            "on_refund": "nothing is taken back",
        }
    )

    pending: Duration | None = Field(
        default=None,
        description="How long points wait after they are earned before they can be spent.",
        examples=["14 days"],
    )
    expires: Annotated[str, PlainValidator(_expires), PlainSerializer(str), json_types.EXPIRES] = Field(
        default=NEVER,
        description=(
            "When points that were not spent are lost: `never`; so long after each was earned; or at the "
            "`end of month`, `end of quarter`, `end of year` or `end of next year` in which they were earned."
        ),
        examples=[NEVER, "12 months after earning", "end of year"],
    )
    on_refund: Annotated[str, words("only_pending", "within_balance", "allow_negative")] = Field(
        default="within_balance",
        description=(
            "What a refund takes back: only points that still wait (`only_pending`), at most what the member "
            "has (`within_balance`), or all, even if the member then owes points (`allow_negative`)."
        ),
        examples=["within_balance"],
    )

    transfer: Transfer | None = Field(
        default=None,
        description=(
            "Whether members may send these points to each other: `allowed`, or with limits. Left out, they "
            "may not."
        ),
        examples=[ALLOWED, {"at_most": "500 points", "limit": {"points": 1000, "per": "day"}}],
    )

    def inactive_keys(self) -> frozenset[str]:
        """`expires: never` is what this version does."""
        keys = super().inactive_keys()
        return keys - {"expires"} if self.expires == NEVER else keys


class GoodwillEntry(Entry):
    """The gestures that agents may make beyond the rules, on the record."""

    budget: Annotated[
        Budget,
        PlainValidator(_budget),
        PlainSerializer(str, return_type=str),
        json_types.AGENT_BUDGET,
    ] = Field(
        description="How many points one agent may give in a day, a week, a month or a year.",
        examples=["5000 points per agent per month"],
    )
    at_most: WalletPoints | None = Field(
        default=None,
        description="How many points one gesture may give. Left out, as many as the budget has.",
        examples=["500 points"],
    )
    reason: Annotated[str, words("required", "optional")] = Field(
        default="required",
        description="Whether the agent must say why.",
        examples=["required"],
    )
