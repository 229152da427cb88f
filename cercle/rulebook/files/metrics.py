"""metrics.yaml: numbers about a member that conditions may use."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Union

from pydantic import AfterValidator, Discriminator, Field, Tag

from cercle.rulebook.built_in import acts_on
from cercle.rulebook.codes import Code
from cercle.rulebook.entries import json_types
from cercle.rulebook.entries.entry import Condition, Entry, Identifier, Period, sentence_error
from cercle.rulebook.entries.shapes import shape_by, tag
from cercle.rulebook.files.actions import FIELD_NAME, RESERVED_FIELDS, FieldPath

LIFE = "life"


def _metric_name(name: str) -> str:
    if not FIELD_NAME.fullmatch(name) or name in RESERVED_FIELDS:
        raise sentence_error(
            "`{name}` cannot be the name of a metric, for conditions must be able to say it: letters, digits "
            "and `_`, a letter first, and no word of the condition language; as in `train_answers`",
            Code.BAD_ID,
            name=name,
        )
    return name


MetricName = Annotated[str, AfterValidator(_metric_name)]


def _life(value: str) -> str:
    if value != LIFE:
        raise sentence_error(
            "`{word}` does not say how far back a metric looks; write a length of time, as in `12 months`, "
            "or `life`",
            Code.BAD_DURATION,
            word=value[:60],
        )
    return value


def _over(value: object) -> str:
    """Discriminator; words without a number are no length of time, but perhaps meant `life`."""
    words_only = isinstance(value, str) and not any(letter.isdigit() for letter in value)
    return tag("life" if words_only else "period")


Over = Annotated[
    Union[Annotated[str, AfterValidator(_life), Tag(tag("life"))], Annotated[Period, Tag(tag("period"))]],
    Discriminator(_over),
    json_types.OVER,
]


class MetricEntry(Entry):
    """What all metrics say."""

    when: Condition | None = Field(
        default=None,
        description="Only the actions for which this is true.",
        examples=['topic == "trains"'],
    )
    over: Over = Field(
        description=(
            "How far back it looks: a number of days, weeks, months, quarters or years that end with the day "
            "of the action that is judged; or `life`, for ever."
        ),
        examples=["12 months", "90 days", "life"],
    )


class CountMetricEntry(MetricEntry):
    """How often a member did something."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType({"count": "the metric stays 0"})

    count: Identifier = Field(description="The action that is counted.", examples=["answer_given"])

    def inactive_keys(self) -> frozenset[str]:
        """A count of something built in that this version does not feed."""
        return frozenset(() if acts_on(self.count, "metrics.yaml") else ("count",))


class SumMetricEntry(MetricEntry):
    """What the amounts or numbers of a member's actions come to."""

    sum: FieldPath = Field(
        description="The action and its field that is added up: an `integer`, or `money`.",
        examples=["purchase.amount", "purchase.items.quantity"],
    )


class DistinctMetricEntry(MetricEntry):
    """How many different values a field of a member's actions had."""

    distinct: FieldPath = Field(
        description="The action and its field whose different values are counted.",
        examples=["purchase.items.category", "purchase.channel"],
    )


Metric = Annotated[
    Union[
        Annotated[CountMetricEntry, Tag(tag("count"))],
        Annotated[SumMetricEntry, Tag(tag("sum"))],
        Annotated[DistinctMetricEntry, Tag(tag("distinct"))],
    ],
    shape_by(
        ("count", "sum", "distinct"),
        "a metric says exactly one of `count`, `sum` and `distinct`, as in `count: purchase`, "
        "`sum: purchase.amount` or `distinct: purchase.items.category`",
    ),
]


class MetricsFile(Entry):
    """Numbers about a member that the conditions of all files may use, as in `metrics.train_answers >= 3`."""

    metrics: dict[MetricName, Metric] = Field(
        default={},
        description="The metrics, by the name that conditions use after `metrics.`",
        examples=[{"train_answers": {"count": "answer_given", "over": "12 months"}}],
    )
