"""offers.yaml: what members are given, may take for points, or are invited to."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Union

from pydantic import Field, Tag

from cercle.rulebook.built_in import acts_on
from cercle.rulebook.entries.entry import Condition, Entry, Identifier, Text, TextsByLanguage
from cercle.rulebook.entries.shapes import shape_by, tag
from cercle.rulebook.files.buying import (
    FREE,
    BudgetEntry,
    Given,
    InviteEntry,
    IssueEntry,
    OfferLimit,
    Price,
    SegmentsEntry,
    Times,
)
from cercle.rulebook.files.contests import ContestEntry, RankingEntry
from cercle.rulebook.files.during import DuringEntry
from cercle.rulebook.files.vouchers import VoucherEntry

_CONDITIONS_OF_USE = ("voucher", "stock", "limit", "budget", "channel", "segments", "when")


def _inactive(*keys: str, what_follows: str) -> Mapping[str, str]:
    return MappingProxyType(dict.fromkeys((*_CONDITIONS_OF_USE, *keys), what_follows))


class OfferEntry(Entry):
    """What all offers say."""

    id: Identifier = Field(
        description='The offer\'s name; conditions say `offer == "ten-off"`.', examples=["ten-off"]
    )
    title: TextsByLanguage = Field(
        description="What members read.",
        examples=[{"en": "10 off your next order", "fr": "10 de remise"}],
    )
    voucher: VoucherEntry | None = Field(
        default=None,
        description="The voucher that comes with it.",
        examples=[{"code": "TEN-{8}", "valid": "60 days"}, {"pool": "vouchers/ten-off.csv"}],
    )
    stock: Times | None = Field(
        default=None,
        description="How many there are for all members. Left out: without end.",
        examples=[1000],
    )
    limit: OfferLimit | None = Field(
        default=None,
        description="How often one member may have it. Left out: without limit.",
        examples=[{"times": 2, "per": "month"}],
    )
    budget: BudgetEntry | None = Field(
        default=None,
        description="How much money it may cost the club. Left out: without end.",
        examples=[{"total": "20000 USD", "each": "10 USD"}],
    )
    channel: Text | None = Field(
        default=None, description="Where it is to be had. Left out: everywhere.", examples=["web"]
    )
    during: DuringEntry | None = Field(
        default=None,
        description="When it is to be had. Left out: always.",
        examples=[{"from": "2026-11-27 09:00", "until": "2026-11-30"}],
    )
    segments: SegmentsEntry | None = Field(
        default=None,
        description="Which members see it. Left out: all.",
        examples=[{"any_of": ["fan", "vip"]}],
    )
    when: Condition | None = Field(
        default=None,
        description="What must be true of a member to see it: it may read `metrics` and `member`.",
        examples=['member.tier == "gold"'],
    )


class IssuedOffer(OfferEntry):
    """An offer that is given without being asked for, when something happens."""

    inactive: ClassVar[Mapping[str, str]] = _inactive("issue", what_follows="the offer is issued to nobody")

    price: Given = Field(description="`free`: what is given costs nothing.", examples=["free"])
    issue: IssueEntry = Field(
        description="What it is given on.",
        examples=[{"on": "badge_unlocked", "when": 'badge == "collector" && level == "silver"'}],
    )

    def inactive_keys(self) -> frozenset[str]:
        """Most occasions are acted on."""
        keys = super().inactive_keys()
        return keys - {"issue"} if acts_on(self.issue.on, "offers.yaml") else keys


class InvitedOffer(OfferEntry):
    """An offer that some members are invited to."""

    inactive: ClassVar[Mapping[str, str]] = _inactive("invite", "during", what_follows="nobody is invited")

    price: Price = Field(
        default=FREE,
        description="What accepting costs: `free`, or points of a wallet.",
        examples=["free", "500 points"],
    )
    invite: InviteEntry = Field(
        description="Who is invited, and how many may accept.",
        examples=[
            {
                "segments": {"all_of": ["detractor", "train-fan"]},
                "seats": 2,
                "reserve": 3,
                "answer_before": "7 days",
            }
        ],
    )


class ClaimedOffer(OfferEntry):
    """An offer that members take themselves, free or for points."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType(
        dict.fromkeys(("channel", "segments", "when"), "nobody can claim the offer")
    )

    price: Price = Field(
        description="What it costs: `free`, or points of a wallet.",
        examples=["free", "500 points", "50 karma"],
    )


SHAPES = ("issue", "invite")
Offer = Union[IssuedOffer, InvitedOffer, ClaimedOffer]
_AnyOffer = Annotated[
    Union[
        Annotated[IssuedOffer, Tag(tag("issue"))],
        Annotated[InvitedOffer, Tag(tag("invite"))],
        Annotated[ClaimedOffer, Tag(tag("price"))],
    ],
    shape_by(SHAPES, "an offer says `issue` (it is given) or `invite`, and not both", otherwise="price"),
]


class OffersFile(Entry):
    """The file offers.yaml: offers, contests, and the order in which members see offers."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "contests": "nobody can enter a contest",
            "ranking": "offers are in no order of their own for each member",
        }
    )

    offers: list[_AnyOffer] = Field(
        default=[],
        description="The offers.",
        examples=[[{"id": "ten-off", "title": "10 off", "price": "500 points"}]],
    )
    contests: list[ContestEntry] = Field(
        default=[],
        description="Contests: members enter, and winners are drawn.",
        examples=[
            [
                {
                    "id": "summer-draw",
                    "enter": {"price": "50 points"},
                    "draw": "2026-09-01 12:00",
                    "winners": 5,
                    "prize": "welcome-vinyl",
                }
            ]
        ],
    )
    ranking: RankingEntry | None = Field(
        default=None,
        description="The order in which a member sees offers. Left out: by their names.",
        examples=[{"by": "affinity", "of": "purchase.items.category", "half_life": "90 days"}],
    )

    def inactive_keys(self) -> frozenset[str]:
        """An empty list promises nothing."""
        return frozenset(key for key in super().inactive_keys() if getattr(self, key))
