"""What is printed at the end: the club in numbers, the best, a member's card."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cercle.actions.instants import local_time
from cercle.rulebook import Rulebook
from cercle.wire import badges_pb2, offers_pb2, points_pb2
from services.console.cards import Card, OnTheWay
from services.console.census import Census
from services.console.running import Result

WORDS = {
    "en": {
        "member": "Member",
        "unknown": "The club knows nothing of this member yet.",
        "available": "available",
        "pending": "pending",
        "held": "held",
        "sent": "sent to others",
        "came": "received from others",
        "way": "on the way to",
        "tier": "Tier",
        "points": "Points",
        "to": "to",
        "badges": "Badges",
        "offers": "Offers",
        "none": "none yet",
        "top": "the highest",
        "until": "valid until",
        "valid": "valid",
        "redeemed": "used on",
        "expired": "no longer valid since",
        "cancelled": "cancelled",
        "claim": "claim",
    },
    "fr": {
        "member": "Membre",
        "unknown": "Le club ne connaît pas encore ce membre.",
        "available": "disponibles",
        "pending": "en attente",
        "held": "réservés",
        "sent": "envoyés à d'autres",
        "came": "reçus d'autres",
        "way": "en route vers",
        "tier": "Palier",
        "points": "Points",
        "to": "avant",
        "badges": "Badges",
        "offers": "Offres",
        "none": "rien encore",
        "top": "le plus haut",
        "until": "valable jusqu'au",
        "valid": "valable",
        "redeemed": "utilisé le",
        "expired": "plus valable depuis le",
        "cancelled": "annulé",
        "claim": "demande",
    },
}
"""What members and agents read, by language."""


_THOUSANDS = {"fr": "\u202f"}


def figure(number: int, language: str) -> str:
    """1234 as 1,234, or as the language writes it."""
    return f"{number:,}".replace(",", _THOUSANDS.get(language.split("-", 1)[0], ","))


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
        reached: Mapping[str, int] = census.badges.get(achievement.id, {})
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
    table = Table(
        title=title, title_justify="left", title_style="bold", show_header=False, box=None, pad_edge=False
    )
    table.add_column(style="dim")
    table.add_column(justify="right")
    return table


def leaderboard(best: list[badges_pb2.Rank]) -> RenderableType:
    """The best members by points."""
    table = Table(title="The best", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in ("rank", "member", "points"):
        table.add_column(column, justify="right")
    for rank in best:
        table.add_row(str(rank.rank), rank.member_id, f"{rank.score:,}")
    return table


class _Words:
    """The words and figures of one language; English where it is not known."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._words = WORDS.get(language.split("-", 1)[0], WORDS["en"])

    def __getitem__(self, word: str) -> str:
        return self._words[word]

    def figure(self, number: int) -> str:
        return figure(number, self._language)


def card(card: Card, language: str, zone: tzinfo) -> RenderableType:
    """A member's card; dates are those of the club's zone."""
    words = _Words(language)
    title = Text(f"{words['member']} {card.standing.member_id}")
    if not card.known:
        return Panel(words["unknown"], title=title, title_align="left", width=72)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column()
    points = [_points(each, words) for each in card.balance.balances]
    points += [_sent(each, words, zone) for each in card.on_the_way]
    offers = [_offer(offer, words, zone) for offer in card.offers.offers]
    grid.add_row(words["points"], _lines(points, words))
    grid.add_row(words["tier"], _tier(card.standing.tier, words))
    grid.add_row(words["badges"], _lines([_badge(each, words) for each in card.standing.achievements], words))
    grid.add_row(words["offers"], _lines(offers, words))
    return Panel(grid, title=title, title_align="left", width=72)


def _lines(lines: list[str], words: _Words) -> RenderableType:
    """Ids and codes are what they are: brackets in them are no style."""
    return Group(*map(Text, lines or [words["none"]]))


def _points(balance: points_pb2.Balance, words: _Words) -> str:
    parts = [f"{words.figure(balance.available)} {words['available']}"]
    for name, points in (("pending", balance.pending), ("held", balance.held)):
        if points:
            parts.append(f"{words.figure(points)} {words[name]}")
    if balance.transferred:
        word = "sent" if balance.transferred > 0 else "came"
        parts.append(f"{words.figure(abs(balance.transferred))} {words[word]}")
    return _wallet(balance.wallet) + ", ".join(parts)


def _wallet(name: str) -> str:
    return "" if name == "points" else f"{name}: "


def _sent(sent: OnTheWay, words: _Words, zone: tzinfo) -> str:
    """Points that have left, and not arrived."""
    points, at = words.figure(sent.points), _minute(sent.sent_at_ms, zone)
    return f"{_wallet(sent.wallet)}{points} {words['way']} {sent.to} ({at})"


def _offer(offer: offers_pb2.Offer, words: _Words, zone: tzinfo) -> str:
    """What it is and since when; of a claim also its code, and what became of it."""
    line = f"{offer.title} ({_day(offer.issued_at_ms, zone)})"
    if not offer.claim:
        return line
    code = f"{offer.code}: " if offer.code else ""
    return f"{line}\n  {code}{_became(offer, words, zone)}"


def _became(offer: offers_pb2.Offer, words: _Words, zone: tzinfo) -> str:
    match offer.status:
        case offers_pb2.OFFER_STATUS_REDEEMED:
            return f"{words['redeemed']} {_minute(offer.redeemed_at_ms, zone)}"
        case offers_pb2.OFFER_STATUS_EXPIRED:
            return f"{words['expired']} {_minute(offer.valid_until_ms, zone)}"
        case offers_pb2.OFFER_STATUS_CANCELLED:
            return words["cancelled"]
    until = f"{words['until']} {_minute(offer.valid_until_ms, zone)}" if offer.valid_until_ms else ""
    return f"{until or words['valid']}\n  {words['claim']} {offer.claim}"


def _tier(tier: badges_pb2.Tier, words: _Words) -> str:
    if not tier.id:
        return words["none"]
    missing = words["top"]
    if tier.next:
        missing = f"{words.figure(tier.points_to_next)} {words['to']} {tier.next}"
    benefits = f"\n{', '.join(tier.benefits)}" if tier.benefits else ""
    return f"{tier.id} ({missing}){benefits}"


def _badge(progress: badges_pb2.Progress, words: _Words) -> str:
    reached = progress.reached[-1].name if progress.reached else words["none"]
    following = ""
    if progress.HasField("next"):
        count, ahead = words.figure(progress.count), progress.next
        following = f", {count} / {words.figure(ahead.at)} {words['to']} {ahead.name}"
    return f"{progress.title}: {reached}{following}"


def _day(instant_ms: int, zone: tzinfo) -> str:
    moment: datetime = local_time(instant_ms, zone)
    return moment.date().isoformat()


def _minute(instant_ms: int, zone: tzinfo) -> str:
    return f"{local_time(instant_ms, zone):%Y-%m-%d %H:%M}"


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
