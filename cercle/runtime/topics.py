"""The club's topics: their names, how they are created, and the check that nothing will be lost in them.

With Kafka's defaults a history of 1997 would be deleted within minutes of its import, since
retention goes by the records' timestamps. So every topic is created to keep all, and a
service refuses to run on one that does not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError, for_code

KEEP_ALL = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_ANSWER_MS = 10_000


class Topic(StrEnum):
    """What DESIGN, section 2 lists. All but `rulebook` are keyed and have the same number of partitions."""

    ACTIONS = "actions"
    POINTS = "points"
    BADGES = "badges"
    OFFERS = "offers"
    LETTERS = "letters"
    RULEBOOK = "rulebook"
    REJECTED = "rejected"


class TopicsError(Exception):
    """The topics cannot be used as they are; the sentence says what was found and what is needed."""


def topic_name(club: str, topic: Topic) -> str:
    """`cercle.<club>.<topic>`."""
    return f"cercle.{club}.{topic}"


def create_topics(bootstrap: str, club: str, partitions: int) -> None:
    """Creates what is missing of the club's topics, with replication as the broker's default.

    May be repeated. Raises TopicsError when Kafka does not answer, when a topic that is there
    already does not keep everything, or when the club has another number of partitions.
    """
    with _admin(bootstrap) as admin:
        missing = {
            name: spec for name, spec in _wanted(club, partitions).items() if name not in admin.list_topics()
        }
        if missing:
            _create(admin, missing)
        found = _check(admin, club)
    if found != partitions:
        name = topic_name(club, Topic.ACTIONS)
        raise TopicsError(
            f"{name} has {found} partitions, {partitions} were asked for: "
            "their number is fixed when the club is created."
        )


def check_topics(bootstrap: str, club: str) -> int:
    """The number of partitions, if all topics are there, keep all and agree; else raises TopicsError."""
    with _admin(bootstrap) as admin:
        return _check(admin, club)


def partition_count(bootstrap: str, club: str) -> int:
    """The number of partitions of every keyed topic, as `actions` has it. Raises TopicsError."""
    with _admin(bootstrap) as admin:
        return _partitions(admin, club)[Topic.ACTIONS]


@contextmanager
def _admin(bootstrap: str) -> Iterator[KafkaAdminClient]:
    admin = None
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=_ANSWER_MS)
        yield admin
    except KafkaError as error:
        raise TopicsError(
            f"Kafka at {bootstrap} did not do as asked ({type(error).__name__}: {error}): "
            "see that it runs, and that CERCLE_KAFKA names it."
        ) from error
    finally:
        if admin is not None:
            admin.close()


def _wanted(club: str, partitions: int) -> dict[str, dict[str, Any]]:
    return {
        topic_name(club, topic): {
            "num_partitions": 1 if topic is Topic.RULEBOOK else partitions,
            "configs": KEEP_ALL,
        }
        for topic in Topic
    }


def _create(admin: KafkaAdminClient, missing: dict[str, dict[str, Any]]) -> None:
    answer = admin.create_topics(missing, raise_errors=False)
    for topic in answer["topics"]:
        error = for_code(topic["error_code"])
        # Another process that starts at the same time may have been faster.
        if topic["error_code"] and error is not TopicAlreadyExistsError:
            raise TopicsError(
                f"{topic['name']} could not be created: {topic['error_message'] or error.__name__}."
            )
    admin.wait_for_topics(list(missing))


def _check(admin: KafkaAdminClient, club: str) -> int:
    counts = _partitions(admin, club)
    needed = counts[Topic.ACTIONS]
    for topic, found in counts.items():
        wanted = 1 if topic is Topic.RULEBOOK else needed
        if found != wanted:
            name = topic_name(club, topic)
            reason = (
                "all versions in one"
                if topic is Topic.RULEBOOK
                else f"as many as {topic_name(club, Topic.ACTIONS)}"
            )
            raise TopicsError(f"{name} has {found} partitions, {wanted} needed: {reason}.")
    _check_settings(admin, club)
    return needed


def _partitions(admin: KafkaAdminClient, club: str) -> dict[Topic, int]:
    names = {topic_name(club, topic): topic for topic in Topic}
    counts = {
        names[found["name"]]: len(found["partitions"])
        for found in admin.describe_topics(list(names))
        if not found["error_code"]
    }
    lacking = [name for name, topic in names.items() if topic not in counts]
    if lacking:
        raise TopicsError(
            f"{', '.join(lacking)} not found: `cercle topics {club} --create` creates the topics of a club."
        )
    return {topic: counts[topic] for topic in Topic}


def _check_settings(admin: KafkaAdminClient, club: str) -> None:
    # All settings are asked for: the embedded broker hangs up when it is asked for some by name.
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic_name(club, topic)) for topic in Topic]
    reported = admin.describe_configs(resources, config_filter="all").get("topic", {})
    for topic in Topic:
        name = topic_name(club, topic)
        for setting, needed in KEEP_ALL.items():
            # The embedded broker reports only what was set at creation. It deletes nothing, but a topic
            # that was not made to keep all is refused there as well: the club may move to Kafka.
            found = reported.get(name, {}).get(setting, {}).get("value")
            if found != needed and not (topic is Topic.REJECTED and setting.startswith("retention.")):
                raise TopicsError(
                    f"{name} has {setting}={found or '(not set)'}, needed is {setting}={needed}: "
                    "with anything else Kafka deletes records that the club is made of."
                )
