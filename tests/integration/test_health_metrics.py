"""What operators and tools ask a worker: health, reflection, metrics."""

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.integration.conftest import purchase
from tests.integration.running import SERVICES, RunningClub, eventually, raw

SERVING = health_pb2.HealthCheckResponse.SERVING
METHODS = {
    "Points": {"GetBalance", "ListEntries", "Hold", "Capture", "Release", "Transfer"},
    "Badges": {"GetMember", "ListLeaderboard"},
    "Offers": {"ListOffers", "Claim", "Redeem", "Cancel"},
}


@pytest.mark.parametrize("name", METHODS)
def test_health_tells_of_the_worker_and_of_its_service(town: RunningClub, name: str) -> None:
    """SERVING for the process and by the service's full name; another name is not found."""
    service = name.lower()
    assert town.health(service) == SERVING
    assert town.health(service, f"cercle.{service}.v1.{name}") == SERVING
    with pytest.raises(grpc.RpcError) as caught:
        town.health(service, "cercle.nothing.v1.Nothing")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("name", METHODS)
def test_reflection_describes_the_service(town: RunningClub, name: str) -> None:
    """grpcurl needs no proto files: the service is listed, and its methods are described."""
    service = name.lower()
    database = ProtoReflectionDescriptorDatabase(town.channel(service))
    full_name = f"cercle.{service}.v1.{name}"
    assert {full_name, "grpc.health.v1.Health"} <= set(database.get_services())
    found = DescriptorPool(database).FindServiceByName(full_name)
    assert {method.name for method in found.methods} == METHODS[name]


@pytest.mark.parametrize("service", SERVICES)
def test_metrics_tell_what_happened(town: RunningClub, member: str, service: str) -> None:
    """Actions, decisions, COMMITs and ships are counted; drained, nothing lags or waits."""
    town.settle()
    before = town.metrics(service)
    records = len(town.records(service))
    town.send([raw(purchase(member, 50)) for _ in range(20)])
    town.settle()
    after = eventually(lambda: _drained(town.metrics(service)))
    grown = {name: value - before.get(name, 0.0) for name, value in after.items()}
    assert grown["cercle_actions_total"] == 20
    assert grown["cercle_decisions_total"] == len(town.records(service)) - records > 0
    for name in ("commit", "ship"):
        assert grown[f"cercle_{name}_seconds_count"] > 0
        assert 0 < grown[f"cercle_{name}_seconds_sum"] < 10
    assert after.get("cercle_void_records_total", 0) == 0
    assert after["cercle_fences_total"] >= town.partitions
    assert {"cercle_reships_total", "cercle_rollbacks_total"} <= after.keys()
    assert grown["cercle_failed_inputs_total"] == grown["cercle_rollbacks_total"] == 0


def _drained(found: dict[str, float]) -> dict[str, float]:
    """The page, or nothing while anything lags."""
    return found if found["cercle_lag_records"] == found["cercle_outbox_records"] == 0 else {}


def test_metrics_count_rejections_by_code(town: RunningClub, member: str) -> None:
    """points alone counts what it set aside."""
    before = {name: town.metrics(name).get("cercle_rejections_total", 0.0) for name in SERVICES}
    town.send([raw(purchase(member, 5))._replace(value=b"\xff")])
    town.settle()
    grown = {name: town.metrics(name).get("cercle_rejections_total", 0.0) - before[name] for name in SERVICES}
    assert grown == {"points": 1, "badges": 0, "offers": 0}
