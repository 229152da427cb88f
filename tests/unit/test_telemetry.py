"""Log lines are JSON outside a terminal, and metrics are served as Prometheus reads them."""

import json
import logging
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
import structlog

from cercle.runtime.telemetry import Metrics, configure_logging


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Other tests keep their logging."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_lines_are_json_and_name_the_service(capsys: pytest.CaptureFixture[str]) -> None:
    """Our lines and those of libraries have one form; what is below the level is left out."""
    configure_logging("points", "info")
    structlog.get_logger("cercle").info("committed", partition=3)
    structlog.get_logger("cercle").debug("unseen")
    logging.getLogger("aiokafka").warning("broker %s is gone", "one")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["partition"], ours["service"], ours["level"]) == (
        "committed",
        3,
        "points",
        "info",
    )
    assert (theirs["event"], theirs["service"], theirs["logger"]) == (
        "broker one is gone",
        "points",
        "aiokafka",
    )


def test_exception_is_part_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """One event is one line, its traceback inside."""
    configure_logging("points", "info")
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger("cercle").exception("failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: broken" in json.loads(line)["exception"]


def test_metrics_are_served() -> None:
    """What was counted is at /metrics of the port that `serve` gives."""
    metrics = Metrics("points")
    metrics.actions.inc(7)
    metrics.rejections.labels("late").inc()
    metrics.lag.labels("cercle.records.actions", "3").set(12)
    port = metrics.serve("127.0.0.1", 0)
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    assert 'cercle_service_info{service="points"} 1.0' in text
    assert "cercle_actions_total 7.0" in text
    assert 'cercle_rejections_total{code="late"} 1.0' in text
    assert 'cercle_lag_records{partition="3",topic="cercle.records.actions"} 12.0' in text


def test_two_services_in_one_process_do_not_share() -> None:
    """Each has its own registry: tests and `cercle up` may hold several."""
    first, second = Metrics("points"), Metrics("badges")
    first.decisions.inc()
    assert second.registry.get_sample_value("cercle_decisions_total") == 0.0
