"""tiers.yaml against itself and the club's wallets."""

from cercle.rulebook.checks.earned import check_earned
from cercle.rulebook.codes import Code
from cercle.rulebook.declared import Declared
from cercle.rulebook.files.tiers import TiersFile
from cercle.rulebook.scope import Scope


def check_tiers(file: TiersFile, declared: Declared, scope: Scope) -> None:
    """What is wrong goes to the scope's findings."""
    levels = file.tiers.levels
    scope.unique_ids(level.block for level in levels)
    check_earned(file.tiers.block, "qualify_by", declared, scope)
    if levels[0].from_points != 0:
        scope.findings.error(
            Code.OUT_OF_ORDER, levels[0].block.at("from"), "the first tier begins at 0: everybody has a tier"
        )
    steps = (
        (f"`{level.id}` from {level.from_points}", level.from_points, level.block.at("from"))
        for level in levels
    )
    scope.ascending("tiers", steps)
