"""One member's metrics, lived action by action, without a service around them."""

from cercle.domain import seen
from cercle.domain.action import Action, ActionAccepted, Field
from cercle.domain.decision import Instant, Rejection
from cercle.domain.metrics import MetricCounted, Metrics, Values, count, note
from cercle.domain.seen import Seen
from cercle.rulebook import ClubRules, compile_rulebook
from cercle.rulebook.metrics import Metric
from cercle.rulebook.times import Span


def club(zone: str = "America/New_York", lateness: str = "30 days") -> ClubRules:
    """A club whose days are those of `zone`."""
    return compile_rulebook(
        {
            "club.yaml": "{club: c, name: C, languages: [en], currency: USD, "
            f"time_zone: {zone}, lateness: {lateness}}}",
            "actions.yaml": "actions: {purchase: {fields: {order: text}}}",
        }
    ).club


def visits(over: Span | None) -> Metric:
    """How many purchases."""
    return Metric("visits", "count", "purchase", (), over, False)


def spend(over: Span | None, *path: str) -> Metric:
    """How much they cost."""
    return Metric("spend", "sum", "purchase", path or ("amount",), over, True)


def kinds(over: Span | None, *path: str) -> Metric:
    """How many different things they were of."""
    return Metric("kinds", "distinct", "purchase", path or ("kind",), over, False)


def purchase(number: int, at: Instant, recorded_at: Instant | None = None, **fields: Field) -> Action:
    """A purchase that occurred at `at`."""
    recorded = at if recorded_at is None else recorded_at
    return Action("urn:shop", str(number), "purchase", "ana", at, recorded, fields)


class Kept:
    """What is remembered of one member; the metrics that are kept may change from one action to the next."""

    def __init__(self, rules: ClubRules, *metrics: Metric) -> None:
        self.club = rules
        self.metrics = metrics
        self.seen = Seen()
        self.state: Metrics = {}
        self.events: list[ActionAccepted | MetricCounted] = []

    def do(self, action: Action) -> dict[str, int]:
        """What conditions on the action see; nothing when it does not count."""
        verdict = seen.judge(self.seen, action, self.club.lateness)
        if isinstance(verdict, Rejection) or verdict == "duplicate":
            return {}
        day = self.club.day(action.occurred_at)
        events = tuple(count(self.state, self.metrics, action, day, verdict.forget_before))
        values = dict(self.values(action.occurred_at, events))
        seen.note(self.seen, verdict)
        for event in events:
            note(self.state, event)
        self.events += (verdict, *events)
        return values

    def values(self, at: Instant, events: tuple[MetricCounted, ...] = ()) -> Values:
        """What conditions see at that instant."""
        return Values(self.state, {each.id: each for each in self.metrics}, self.club.day(at), events)
