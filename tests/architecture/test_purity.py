"""What imports alone do not show: domain code asks no clock, opens nothing, waits for nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.project import domain_modules, tree

CLOCKS = {"now", "utcnow", "today"}
DOORS = {"open", "print", "input", "exec", "eval", "__import__"}
WAITING = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)


def impurities(code: ast.Module) -> Iterator[str]:
    """What a pure module must not do, by line."""
    for node in ast.walk(code):
        if isinstance(node, WAITING):
            yield f"line {node.lineno}: waits"
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in DOORS:
            yield f"line {node.lineno}: calls {called.id}()"
        if isinstance(called, ast.Attribute) and called.attr in CLOCKS:
            yield f"line {node.lineno}: asks the clock, {called.attr}()"


@pytest.mark.parametrize("path", domain_modules().values(), ids=domain_modules().keys())
def test_domain_is_pure(path: Path) -> None:
    """`now` is an argument; nothing is read, written or awaited."""
    assert list(impurities(tree(path))) == []


@pytest.mark.parametrize("line", ["datetime.now(UTC)", "open('x')", "print(1)", "date.today()"])
def test_impure_line_is_found(line: str) -> None:
    """The search itself finds what it looks for."""
    assert list(impurities(ast.parse(line))) != []
