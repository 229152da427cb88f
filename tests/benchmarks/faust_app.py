"""What the two Faust peers have alike: the app and its topics as Faust's documentation has them."""

import os
import sys
from typing import Any

import faust

from tests.benchmarks.job import PARTITIONS
from tests.benchmarks.peer import Task


def make_app(task: Task) -> Any:
    """An app with its stores in memory and without the web server."""
    return faust.App(
        f"bench-{task.run}",
        broker=f"kafka://{task.kafka}",
        store="memory://",
        web_enabled=False,
        topic_partitions=PARTITIONS,
        topic_disable_leader=True,
        worker_redirect_stdouts=False,
        datadir=task.folder,
        consumer_auto_offset_reset="earliest",
    )


def topics(app: Any, task: Task) -> tuple[Any, Any]:
    """The actions, and what they earned: bytes, so that no codec is in the way."""
    raw = {"key_type": str, "value_type": bytes, "value_serializer": "raw"}
    return app.topic(task.topic, **raw), app.topic(task.output, **raw)


async def leave(app: Any) -> None:
    """Ends the process once what was sent has arrived."""
    await app.producer.flush()
    os._exit(0)


def work(app: Any) -> None:
    """`faust worker`."""
    sys.argv = ["faust", "worker", "--loglevel=warn", "--without-web"]
    app.main()
