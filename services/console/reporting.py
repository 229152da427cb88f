"""What is printed at the end: the club in numbers, the best, a member's card."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table

from cercle.actions.instants import local_time
from cercle.rulebook import Rulebook
from cercle.wire import badges_pb2
from services.console.cards import Card
from services.console.census import Census
from services.console.running import Result

WORDS = {
    "en": {
        "member": "Member",
        "unknown": "The club knows nothing of this member yet.",
        "available": "available",
        "pending": "pending",
        "held": "held",
        "tier": "Tier",
        "points": "Points",
        "to": "to",
        "badges": "Badges",
        "offers": "Offers",
        "none": "none yet",
        "top": "the highest",
    },
    "fr": {
        "member": "Membre",
        "unknown": "Le club ne connaît pas encore ce membre.",
        "available": "disponibles",
        "pending": "en attente",
        "held": "réservés",
        "tier": "Palier",
        "points": "Points",
        "to": "avant",
        "badges": "Badges",
        "offers": "Offres",
        "none": "rien encore",
        "top": "le plus haut",
    },
}
"""What members and agents read, by language."""


def show_result(console: Console, result: Result, rules: Rulebook) -> None:
    """Numbers, leaderboard, card and time of a run."""
    language = rules.club.languages[0]
    console.print()
    console.print(
        numbers(rules.club.name.in_language(language), result.emitted, result.census, rules, language)
    )
    console.print(leaderboard(result.best))
    if result.card is not None:
        console.print(card(result.card, language, rules.club.time_zone))
    console.print(duration(result.seconds, result.emitted.total()))


def numbers(
    title: str, emitted: Mapping[str, int], census: Census, rules: Rulebook, language: str
) -> RenderableType:
    """The club in numbers."""
    table = _plain_table(title)
    for action, count in sorted(emitted.items()):
        table.add_row(f"{action} actions emitted", f"{count:,}")
    table.add_row("members", f"{census.members:,}")
    for wallet, issued in sorted(census.points_issued.items()):
        table.add_row("points issued" if wallet == "points" else f"{wallet} issued", f"{issued:,}")
    for achievement in rules.badges.achievements.values():
        reached = census.badges.get(achievement.id, {})
        for level in achievement.levels:
            name = f"badge {achievement.title.in_language(language)}, {level.name}"
            table.add_row(name, f"{reached.get(level.name, 0):,}")
    for tier in rules.tiers.levels if rules.tiers else ():
        table.add_row(f"tier {tier.id}", f"{census.tiers.get(tier.id, 0):,}")
    for offer in rules.offers.offers.values():
        issues = census.offers.get(offer.id, 0)
        table.add_row(f"offer {offer.title.in_language(language)}, issued", f"{issues:,}")
    return table


def _plain_table(title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=None)
    table.add_column(style="dim")
    table.add_column(justify="right")
    return table


def leaderboard(best: list[badges_pb2.Rank]) -> RenderableType:
    """The best members by points."""
    table = Table(title="The best", title_justify="left", title_style="bold", box=None)
    for column in ("rank", "member", "points"):
        table.add_column(column, justify="right")
    for rank in best:
        table.add_row(str(rank.rank), rank.member_id, f"{rank.score:,}")
    return table


def card(card: Card, language: str, zone: tzinfo) -> RenderableType:
    """A member's card; dates are those of the club's zone."""
    words = WORDS.get(language.split("-", 1)[0], WORDS["en"])
    title = f"{words['member']} {card.standing.member_id}"
    if not card.known:
        return Panel(words["unknown"], title=title, title_align="left", width=72)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column()
    grid.add_row(words["points"], _points(card, words))
    grid.add_row(words["tier"], _tier(card.standing.tier, words))
    grid.add_row(words["badges"], _lines([_badge(each, words) for each in card.standing.achievements], words))
    grid.add_row(
        words["offers"],
        _lines([f"{o.title} ({_day(o.issued_at_ms, zone)})" for o in card.offers.offers], words),
    )
    return Panel(grid, title=title, title_align="left", width=72)


def _points(card: Card, words: Mapping[str, str]) -> RenderableType:
    lines = []
    for balance in card.balance.balances:
        parts = [f"{balance.available:,} {words['available']}"]
        for name, points in (("pending", balance.pending), ("held", balance.held)):
            if points:
                parts.append(f"{points:,} {words[name]}")
        wallet = "" if balance.wallet == "points" else f"{balance.wallet}: "
        lines.append(wallet + ", ".join(parts))
    return _lines(lines, words)


def _lines(lines: list[str], words: Mapping[str, str]) -> RenderableType:
    return Group(*(lines or [words["none"]]))


def _tier(tier: badges_pb2.Tier, words: Mapping[str, str]) -> str:
    if not tier.id:
        return words["none"]
    missing = f"{tier.points_to_next:,} {words['to']} {tier.next}" if tier.next else words["top"]
    benefits = f"\n{', '.join(tier.benefits)}" if tier.benefits else ""
    return f"{tier.id} ({missing}){benefits}"


def _badge(progress: badges_pb2.Progress, words: Mapping[str, str]) -> str:
    reached = progress.reached[-1].name if progress.reached else words["none"]
    following = ""
    if progress.HasField("next"):
        ahead = progress.next
        following = f", {progress.count:,} / {ahead.at:,} {words['to']} {ahead.name}"
    return f"{progress.title}: {reached}{following}"


def _day(instant_ms: int, zone: tzinfo) -> str:
    moment: datetime = local_time(instant_ms, zone)
    return moment.date().isoformat()


def duration(seconds: Mapping[str, float], emitted: int) -> str:
    """How long it took, and how much of that was waiting for the broker's groups."""
    deciding = seconds.get("deciding", 0.0)
    rate = f", {emitted / deciding:,.0f} actions/s" if emitted and deciding else ""
    return (
        f"{seconds['total']:.1f} s in all: servers {seconds.get('servers', 0):.1f}, "
        f"services {seconds.get('services', 0):.1f}, waiting for the broker's groups "
        f"{seconds.get('group', 0):.1f}, deciding {deciding:.1f}{rate} "
        f"(emitting took {seconds.get('emitting', 0):.1f}, beside it)."
    )
