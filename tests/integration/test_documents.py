"""The pages for brands and partner apps say what the code does."""

import ast
import json
import re
from collections.abc import Iterator

import pytest
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2

from cercle.runtime import rpc
from cercle.wire import badges_pb2, offers_pb2, points_pb2
from tests.integration.conftest import purchase
from tests.integration.running import RunningClub, raw
from tests.servers import ROOT

REFUSING = {"Rejection", "Refused", "_refused", "refused", "Failed"}
REFUSING |= {"ReferralRefused", "RefuseReferral", "Return"}
CODE = re.compile(r"[a-z]+(_[a-z]+)*").fullmatch
POINTS_API = (ROOT / "docs" / "points-api.md").read_text()
API = POINTS_API + (ROOT / "docs" / "offers-api.md").read_text()
SERVICES = {
    service.full_name: service
    for module in (points_pb2, badges_pb2, offers_pb2, health_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
}


def codes() -> dict[str, str]:
    """Every code that is written in a refusal somewhere, and where."""
    found: dict[str, str] = {}
    for folder in ("cercle", "services"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "wire" in path.parts[-2:-1]:
                continue
            for call in ast.walk(ast.parse(path.read_text())):
                if isinstance(call, ast.Call):
                    found |= dict.fromkeys(_codes_of(call), path.name)
    return found


def _codes_of(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in REFUSING:
        return
    given = [*call.args[:3], *(word.value for word in call.keywords if word.arg == "code")]
    for value in given:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            if CODE(value.value):
                yield value.value
            return


def documented() -> list[str]:
    """The first column of the page's tables of codes."""
    page = (ROOT / "docs" / "rejected.md").read_text()
    tables = page.split("\n## ")[1:]
    return [code for table in tables for code in re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)]


def test_every_code_is_on_the_page() -> None:
    """docs/rejected.md has each code that the code base can produce, once, and no other."""
    produced = codes()
    assert {"late", "key_reused", "insufficient_points", "exception", "no_headers"} <= produced.keys()
    assert sorted(documented()) == sorted(produced)


def test_python_example_does_what_it_says(
    town: RunningClub, member: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page's program, run as it is against a running club: refused first, then spends 10 points."""
    [program] = re.findall(r"```python\n(.*?)```", POINTS_API, re.DOTALL)
    program = program.replace("localhost:50051", town.address("points")).replace("14048", member)
    code = compile(program, "points-api.md", "exec")
    exec(code, {})
    assert capsys.readouterr().out.startswith("refused: insufficient_points: 10 points asked, 0 available")
    town.send([raw(purchase(member, 25))])
    town.settle("points")
    exec(code, {})
    assert capsys.readouterr().out.splitlines() == [
        "10 points are held",
        "10 points are spent",
        "points: 15 available, 10 spent",
    ]


def grpcurl_lines() -> list[str]:
    """The grpcurl commands with a request."""
    return re.findall(r"^grpcurl .* -d .*$", API, re.MULTILINE)


@pytest.mark.parametrize("line", grpcurl_lines())
def test_grpcurl_example_is_a_request(line: str) -> None:
    """The method exists, and the JSON is a request of it."""
    text, service, method = re.fullmatch(r".* -d '(\{.*\})' localhost:\d+ ([\w.]+)/(\w+)", line).groups()  # type: ignore[union-attr]
    request = GetMessageClass(SERVICES[service].methods_by_name[method].input_type)
    json_format.ParseDict(json.loads(text.replace("'$(date +%s000)'", "1")), request())


def test_every_method_has_an_example() -> None:
    """Each method of the three services is in the page's table and in a grpcurl line."""
    ours = {name: service for name, service in SERVICES.items() if name.startswith("cercle.")}
    for name, service in ours.items():
        for method in service.methods_by_name:
            assert f"{name}/{method}" in API
            assert f"`{service.name}/{method}`" in API


def test_page_says_where_the_code_of_a_refusal_is() -> None:
    """The metadata's name and the deadline are those of the code."""
    assert f"`{rpc.CODE_KEY}`" in API
    assert f"{rpc._DEADLINE_SECONDS:.0f} seconds" in API
