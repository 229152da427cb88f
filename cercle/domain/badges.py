"""What conditions see as `member.badges`, alike in every service: ids, and `id/level`; each once, sorted."""

from collections.abc import Iterable, Mapping


def badge_names(unlocked: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Of the levels unlocked, by badge."""
    if not unlocked:
        return ()
    levels = [f"{badge}/{level}" for badge, reached in unlocked.items() for level in reached]
    return tuple(sorted([*unlocked, *levels]))


def with_badge(names: Iterable[str], badge: str, level: str) -> tuple[str, ...]:
    """The same with one more level."""
    return tuple(sorted({*names, badge, f"{badge}/{level}"}))


def has_badge(names: Iterable[str], badge: str, level: str) -> bool:
    """Whether that level is among them."""
    return f"{badge}/{level}" in names
