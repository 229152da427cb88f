"""badges.yaml: what members achieve by doing something so many times."""

from typing import Annotated

from pydantic import Field

from cercle.rulebook.model import Condition, Entry, Identifier, TextsByLanguage


class AchievementEntry(Entry):
    """One achievement: `count` names the action type that is counted."""

    id: Identifier
    badge: TextsByLanguage
    count: Identifier
    when: Condition | None = None
    levels: Annotated[dict[Identifier, Annotated[int, Field(ge=1, le=2**53)]], Field(min_length=1)]


class BadgesFile(Entry):
    """The file."""

    achievements: list[AchievementEntry] = Field(default=[])
