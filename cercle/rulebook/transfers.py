"""What members may send to each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cercle.rulebook.files.points import PointsFile
from cercle.rulebook.files.wallets import Transfer, TransferEntry
from cercle.rulebook.periods import PeriodLimit, period_limit


@dataclass(frozen=True, slots=True)
class TransferRule:
    """`at_most`: points of one transfer. `limit`: what one member sends in a period. None: without end."""

    at_most: int | None = None
    limit: PeriodLimit | None = None


def build_transfers(file: PointsFile) -> Mapping[str, TransferRule]:
    """By wallet; a wallet that is not among them allows none."""
    said = {name: entry.transfer for name, entry in sorted(file.wallets.items())}
    return MappingProxyType({name: _rule(each) for name, each in said.items() if each and _acts(each)})


def _acts(transfer: Transfer) -> bool:
    return isinstance(transfer, str) or transfer.acts


def _rule(transfer: Transfer) -> TransferRule:
    if not isinstance(transfer, TransferEntry):
        return TransferRule()
    return TransferRule(transfer.at_most[0] if transfer.at_most else None, period_limit(transfer.limit))
