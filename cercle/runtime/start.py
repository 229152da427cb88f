"""How every service begins: settings from the environment, then the worker, or one clear sentence."""

import argparse
import sys

from cercle.runtime.rpc import Servants
from cercle.runtime.service import Asking, Service
from cercle.runtime.settings import SettingsError, load_settings
from cercle.runtime.topics import TopicsError
from cercle.runtime.worker import run_service


def start(service: Service, servants: Servants, asking: Asking | None = None) -> None:
    """Runs the service until SIGTERM; exits with 2 and a sentence when it cannot run.

    `asking`: its way to other services, where it asks any.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{service.name}",
        description=f"One worker of the {service.name} service. Settings: CERCLE_* (docs/operations.md).",
    )
    parser.add_argument("--slot", type=int, help="this worker's number among those of its service")
    chosen = parser.parse_args()
    try:
        settings = load_settings(**({"slot": chosen.slot} if chosen.slot is not None else {}))
        run_service(service, servants, settings, asking)
    except (SettingsError, TopicsError) as error:
        print(f"{service.name} cannot run: {error}", file=sys.stderr)
        sys.exit(2)
