"""Where a club runs: what `cercle up` writes down, and the other commands read.

What is typed wins, then the environment (CERCLE_*), then `.cercle/<club>.json` of a `cercle up`
that still runs.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cercle.runtime.rulebooks import LEAD_SECONDS
from cercle.runtime.settings import PREFIX, Settings, load_settings
from services.console.errors import CommandError

FOLDER = Path(".cercle")
_SHARED = ("kafka", "redis", "idempotent", "lead_seconds")


@dataclass(frozen=True)
class Running:
    """A club that `cercle up` serves.

    `workers`: the addresses of each service's; `pid`: who serves it; `lead_seconds`: as the services have it.
    """

    club: str
    folder: str
    kafka: str
    redis: str
    idempotent: bool
    workers: dict[str, list[str]] = field(default_factory=dict)
    pid: int = 0
    lead_seconds: float = LEAD_SECONDS

    def write(self) -> Path:
        """Writes `.cercle/<club>.json` in the working directory."""
        FOLDER.mkdir(exist_ok=True)
        path = FOLDER / f"{self.club}.json"
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")
        return path


def running_clubs() -> list[Running]:
    """What the files in `.cercle` say, without those whose writer is gone."""
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        try:
            club = Running(**json.loads(path.read_text()))
        except (TypeError, ValueError):
            continue
        if _lives(club.pid):
            found.append(club)
    return found


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0


def find_settings(club: str | None, kafka: str | None = None, redis: str | None = None) -> Settings:
    """The settings of a club: `club` or CERCLE_CLUB, else the only one that runs here.

    Raises CommandError when it is not clear which is meant or where it is, SettingsError.
    """
    clubs = running_clubs()
    wanted = club or os.environ.get(PREFIX + "CLUB") or _only(clubs)
    here = next((each for each in clubs if each.club == wanted), None)
    if here is None and not kafka and PREFIX + "KAFKA" not in os.environ:
        raise CommandError(
            f"{wanted} does not run here{_others(clubs)}: start it with `cercle up`, "
            "or say where its servers are with CERCLE_KAFKA and CERCLE_REDIS."
        )
    given: dict[str, Any] = {"club": wanted}
    if here is not None:
        given |= {name: getattr(here, name) for name in _SHARED if PREFIX + name.upper() not in os.environ}
    given |= {name: value for name, value in (("kafka", kafka), ("redis", redis)) if value}
    return load_settings(**given)


def _only(clubs: list[Running]) -> str:
    if len(clubs) == 1:
        return clubs[0].club
    if clubs:
        raise CommandError(f"Several clubs run here, {_names(clubs)}: say which with --club.")
    raise CommandError(
        "No club runs here: start one with `cercle up`, or say which one is meant with --club "
        "and where its servers are with CERCLE_KAFKA and CERCLE_REDIS."
    )


def _others(clubs: list[Running]) -> str:
    return f", only {_names(clubs)}" if clubs else ""


def _names(clubs: list[Running]) -> str:
    return ", ".join(club.club for club in clubs)
