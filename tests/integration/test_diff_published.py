"""`cercle rules diff` and `cercle rules history` on a club's real topic."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cercle.runtime.settings import Settings
from cercle.runtime.topics import create_topics
from services.console.__main__ import app
from services.console.clubs import read_club
from services.console.publishing import Wish, publish
from tests.integration.rules import FILES, POINTS
from tests.servers import Server


class Publisher:
    """A club's topics, and the folders of its versions."""

    def __init__(self, kafka: str, club: str, place: Path) -> None:
        self.kafka, self.club, self._place = kafka, club, place

    def folder(self, name: str, points: str) -> Path:
        """The town's rules, with another points.yaml."""
        folder = self._place / name
        folder.mkdir()
        for file, text in {**FILES, "points.yaml": points}.items():
            (folder / file).write_text(text.replace("club: town", f"club: {self.club}"))
        return folder

    def publish(self, folder: Path, message: str) -> str:
        """The version's hash."""
        settings = Settings(club=self.club, kafka=self.kafka, redis="redis://127.0.0.1:9/0", lead_seconds=1)
        return publish(settings, read_club(folder), Wish(message=message)).version

    def say(self, *arguments: str, status: int = 0) -> str:
        """What the command prints on either stream."""
        done = CliRunner().invoke(app, ["rules", *arguments, "--kafka", self.kafka])
        assert done.exit_code == status, done.output
        return done.output


@pytest.fixture
def publisher(kafka: Server, club: str, tmp_path: Path) -> Publisher:
    """Of a club whose topics exist, and hold nothing."""
    create_topics(kafka.address, club, 1)
    return Publisher(kafka.address, club, tmp_path)


def test_versions_are_compared_with_each_other_and_with_folders(publisher: Publisher) -> None:
    """By hash, by its first letters, by `published`; in sentences, and as JSON."""
    one = publisher.folder("one", POINTS)
    two = publisher.folder("two", POINTS.replace("{points: 5, in: karma}", "{points: 6, in: karma}"))
    three = publisher.folder("three", POINTS.replace("multiply: 3", "multiply: 2"))
    old, new = publisher.publish(one, "first"), publisher.publish(two, "karma is worth more")
    of = ("--club", publisher.club)

    said = publisher.say("diff", old[:8], new, *of)
    assert said == "points.yaml\n  rule `helpful` now gives 6 karma instead of 5\n"
    assert publisher.say("diff", old, "published", *of) == said == publisher.say("diff", str(one), new, *of)
    assert publisher.say("diff", "published", str(two), *of) == "Both say the same.\n"
    found = json.loads(publisher.say("diff", "published", str(three), *of, "--json"))
    assert {each["name"] for each in found} == {"helpful", "gold-bonus"}

    newest, first = json.loads(publisher.say("history", publisher.club, "--json"))
    assert (first["version"], first["message"]) == (old, "first")
    assert (newest["version"], newest["previous"]) == (new, old)


def test_a_side_that_is_neither_is_told_so(publisher: Publisher) -> None:
    """No version yet, and a hash that nobody published: status 1, and what could be named."""
    folder = str(publisher.folder("only", POINTS))
    for unknown in ("published", "0123abcd"):
        said = publisher.say("diff", unknown, folder, "--club", publisher.club, status=1)
        assert said.startswith(
            f"There is neither a folder nor a published version `{unknown}`: name a folder"
        )
