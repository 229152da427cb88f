"""No module escapes the import contracts of .importlinter."""

import configparser
import fnmatch

import pytest

from tests.architecture.project import domain_modules, modules
from tests.servers import ROOT

CONTRACTS = configparser.ConfigParser()
CONTRACTS.read(ROOT / ".importlinter")


def listed(contract: str, option: str) -> list[str]:
    """The modules that a contract names."""
    return CONTRACTS[f"importlinter:contract:{contract}"][option].split()


def is_under(module: str, patterns: list[str]) -> bool:
    """Whether the module is one of them, or inside one of them."""
    return any(
        fnmatch.fnmatchcase(module, pattern) or module.startswith(f"{pattern}.") for pattern in patterns
    )


@pytest.mark.parametrize("module", sorted(domain_modules()))
def test_domain_module_is_under_a_purity_contract(module: str) -> None:
    """A new domain file is added to the contract that forbids clocks, chance and input or output."""
    assert is_under(module, listed("core", "source_modules") + listed("domain", "source_modules"))


@pytest.mark.parametrize("module", sorted(set(modules()) - {"cercle", "services"}))
def test_module_is_under_a_contract(module: str) -> None:
    """A new package or service gets a contract of its own.

    The layers of each service are exhaustive: import-linter itself refuses a file that they lack.
    """
    covered = listed("core", "source_modules") + listed("plumbing", "source_modules")
    covered += listed("services", "modules") + listed("shells", "source_modules")
    assert is_under(module, covered)


def test_every_service_has_exhaustive_layers() -> None:
    """A service without layers would not be checked at all."""
    for service in listed("services", "modules"):
        contract = CONTRACTS[f"importlinter:contract:{service.removeprefix('services.')}"]
        assert (contract["type"], contract["containers"], contract["exhaustive"]) == (
            "layers",
            service,
            "True",
        )
