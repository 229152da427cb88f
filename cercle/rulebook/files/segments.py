"""segments.yaml: groups of members, by what they answer, do or earn."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Union

from pydantic import AfterValidator, Field, Tag

from cercle.rulebook.entries.entry import Condition, Entry, Identifier, Period
from cercle.rulebook.entries.shapes import shape_by, tag
from cercle.rulebook.files.actions import FieldName
from cercle.rulebook.files.earned import Earned

NPS_SEGMENTS = ("promoter", "passive", "detractor")
"""By the score of the last answer: 9 and 10, 7 and 8, 0 to 6."""

_BY_SHAPE = (
    "a segment says exactly one of `when` (a condition), `bands_of` (bands of what members earned) and `nps` "
    "(their answers to a survey), as in `when: metrics.train_answers >= 3`"
)


class NpsEntry(Entry):
    """Whether members would recommend the club, by the score that they last gave."""

    on: Identifier = Field(description="The action that is an answer.", examples=["survey_answered"])
    score: FieldName = Field(description="Its field with the score, a whole number.", examples=["score"])
    valid: Period | None = Field(
        default=None,
        description="How long an answer says something about a member. Left out: until the next answer.",
        examples=["12 months"],
    )


class NpsSegments(Entry):
    """Three segments by what members answer: `promoter`, `passive` and `detractor`."""

    nps: NpsEntry = Field(
        description="Scores of 9 and 10 make a `promoter`, 7 and 8 a `passive`, 0 to 6 a `detractor`.",
        examples=[{"on": "survey_answered", "score": "score", "valid": "12 months"}],
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The segments that it makes."""
        return NPS_SEGMENTS


class ConditionSegment(Entry):
    """A segment by a condition: a member is in it as long as the condition is true."""

    id: Identifier = Field(description="The segment's name.", examples=["train-fan"])
    when: Condition = Field(
        description="What must be true of a member: it may read `metrics` and `member`.",
        examples=["metrics.train_answers >= 3", 'member.tier == "gold"'],
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The segments that it makes."""
        return (self.id,)


class BandSegments(Entry):
    """Segments by how much members earned: each member is in the highest band that this is enough for."""

    id: Identifier = Field(description="What the bands are called together.", examples=["attachment"])
    bands_of: Earned = Field(
        description="What members are grouped by.", examples=["points earned", "karma earned"]
    )
    over: Period | None = Field(
        default=None,
        description="Only the last so many days, months or years count. Left out: everything.",
        examples=["12 months"],
    )
    bands: Annotated[dict[Identifier, Annotated[int, Field(ge=0, le=2**53)]], Field(min_length=1)] = Field(
        description="The segments, from the lowest to the highest, and what each takes.",
        examples=[{"visitor": 0, "fan": 300, "vip": 3000}],
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The segments that it makes."""
        return tuple(self.bands)


SHAPES = ("when", "bands_of", "nps")
Segment = Union[NpsSegments, ConditionSegment, BandSegments]
_AnySegment = Annotated[
    Union[
        Annotated[NpsSegments, Tag(tag("nps"))],
        Annotated[ConditionSegment, Tag(tag("when"))],
        Annotated[BandSegments, Tag(tag("bands_of"))],
    ],
    shape_by(SHAPES, _BY_SHAPE),
]


def _by_name(segments: list[Segment]) -> list[Segment]:
    """Their order says nothing, so it is lost."""
    return sorted(segments, key=lambda segment: sorted(segment.names))


class SegmentsFile(Entry):
    """The file segments.yaml: groups of members that offers and conditions may name."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType({"segments": "nobody is in a segment"})

    segments: Annotated[list[_AnySegment], AfterValidator(_by_name)] = Field(
        default=[],
        description="The segments.",
        examples=[[{"id": "train-fan", "when": "metrics.train_answers >= 3"}]],
    )

    def inactive_keys(self) -> frozenset[str]:
        """An empty list promises nothing."""
        return super().inactive_keys() if self.segments else frozenset()
