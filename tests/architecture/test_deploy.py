"""deploy/ agrees with the code, as far as that can be seen without a container engine."""

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from cercle.runtime.settings import PREFIX, Settings, load_settings
from tests.architecture.project import SERVICES
from tests.servers import KAFKA_IMAGE, REDIS_IMAGE, ROOT

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "deploy" / "compose.yaml").read_text())


def variables(service: str) -> dict[str, str]:
    """The CERCLE_* of a service: the image's, and its own."""
    set_in_image = dict(re.findall(rf"({PREFIX}\w+)=(\S+)", DOCKERFILE))
    own = {name: str(value) for name, value in COMPOSE["services"][service]["environment"].items()}
    return {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in {**set_in_image, **own}.items()}


@pytest.mark.parametrize("service", SERVICES)
def test_services_are_set_up_by_settings_that_exist(service: str) -> None:
    """Every variable is a field of Settings, and its value is accepted."""
    given = {name.removeprefix(PREFIX).lower(): value for name, value in variables(service).items()}
    assert set(given) <= set(Settings.model_fields)
    assert load_settings(**given).kafka == "kafka:9092"


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_deployed(service: str) -> None:
    """Each is started by its own module, waits for the topics, and keeps its files on a volume of its own."""
    described = COMPOSE["services"][service]
    assert described["command"] == ["python", "-m", f"services.{service}"]
    assert described["depends_on"]["topics"] == {"condition": "service_completed_successfully"}
    assert described["volumes"] == [f"{service}:/data"]


def test_ports_of_the_host_are_used_once_and_stay_on_it() -> None:
    """Everything that is published listens on 127.0.0.1, each on a port of its own."""
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert len({port.split(":")[1] for port in published}) == len(published)


def test_every_volume_and_dependency_is_declared() -> None:
    """What a service mounts or waits for is there."""
    services = COMPOSE["services"]
    mounted = {mount.split(":")[0] for service in services.values() for mount in service.get("volumes", [])}
    assert mounted == set(COMPOSE["volumes"])
    assert {name for service in services.values() for name in service.get("depends_on", {})} <= set(services)


def test_servers_are_those_that_the_tests_run_on() -> None:
    """The versions that are deployed are the versions that are tested."""
    assert COMPOSE["services"]["kafka"]["image"] == KAFKA_IMAGE
    assert COMPOSE["services"]["redis"]["image"] == REDIS_IMAGE
    assert f"<version>{KAFKA_IMAGE.split(':')[1]}</version>" in (ROOT / "deploy/kafka/pom.xml").read_text()


def test_image_holds_only_what_is_copied() -> None:
    """Every COPY of ours is let through by .dockerignore, and exists."""
    copied = re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE)
    allowed = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert sorted(copied) == sorted(allowed)
    assert all((ROOT / name).exists() for name in copied)
