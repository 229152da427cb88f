"""What an operator sets: environment variables CERCLE_*, one for each field of `Settings`."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "CERCLE_"


class SettingsError(Exception):
    """Settings that cannot be used; one sentence for each mistake, naming the variable."""


class Settings(BaseSettings):
    """The settings of one process. The club must be given; everything else has a default."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    club: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="The club's id, part of every topic's and key's name: a-z, 0-9 and hyphens.",
    )
    kafka: str = Field(
        default="127.0.0.1:9092",
        pattern=r"^[^\s,]+:\d+(,[^\s,]+:\d+)*$",
        description="Kafka's bootstrap servers: host:port, separated by commas.",
    )
    redis: str = Field(
        default="redis://127.0.0.1:6379/0",
        pattern=r"^(rediss?|unix)://",
        description="Redis as a URL: redis://host:port/number, rediss:// for TLS.",
    )
    grpc_host: str = Field(default="127.0.0.1", description="The interface that gRPC listens on.")
    grpc_port: int = Field(default=0, ge=0, le=65535, description="gRPC's port; 0 takes a free one.")
    advertised_host: str = Field(
        default="",
        description="The name by which others reach this worker's gRPC; empty: the interface it listens on.",
    )
    metrics_host: str = Field(default="127.0.0.1", description="The interface that Prometheus may ask.")
    metrics_port: int = Field(default=0, ge=0, le=65535, description="Its port; 0 takes a free one.")
    idempotent: bool = Field(
        default=True,
        description="Kafka drops repeated sends of a producer; false for the embedded broker, which cannot.",
    )
    slot: int = Field(
        default=0,
        ge=0,
        description="This worker's number among those of its service: its static membership in the group, "
        "so that a restart within the session time-out moves no partition.",
    )
    session_timeout_seconds: int = Field(
        default=6,
        ge=6,
        description="How long a silent worker keeps its partitions. Kafka refuses less than its own "
        "group.min.session.timeout.ms, 6 s.",
    )
    lead_seconds: float = Field(
        default=60,
        ge=1,
        le=3600,
        description="How long before it counts a version of the rules must be published. Services judge "
        "only if they read the rulebook to its end within half of it: the publisher's must not be shorter.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe log line that is written."
    )
    data_dir: Path = Field(
        default=Path(".cercle"), description="Where a process keeps its own files; all can be made again."
    )


def load_settings(**given: Any) -> Settings:
    """The settings from the environment; `given` wins over it. Raises SettingsError."""
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError(" ".join(_sentence(dict(mistake)) for mistake in error.errors())) from None


def _sentence(mistake: dict[str, Any]) -> str:
    name = ".".join(str(part) for part in mistake["loc"])
    variable = f"{PREFIX}{name.upper()}"
    field = Settings.model_fields.get(name)
    meaning = f" {field.description}" if field is not None and field.description else ""
    if mistake["type"] == "missing":
        return f"{variable} must be set.{meaning}"
    return f"{variable} is {mistake['input']!r}: {mistake['msg'].lower()}.{meaning}"
