"""The lints: what is sound, but hardly meant. Each is silent when in doubt."""

from collections.abc import Callable
from typing import Final

from cercle.rulebook.checks.always_true import always_true
from cercle.rulebook.checks.budgets import budget_without_end
from cercle.rulebook.checks.limits import limits_add_up
from cercle.rulebook.checks.multipliers import nothing_to_multiply
from cercle.rulebook.checks.never_given import never_given
from cercle.rulebook.checks.never_happens import never_happens
from cercle.rulebook.checks.never_now import never_now
from cercle.rulebook.checks.never_true import never_true
from cercle.rulebook.checks.shadowed import shadowed
from cercle.rulebook.checks.translations import missing_translation
from cercle.rulebook.checks.unused_metrics import unused_metric
from cercle.rulebook.checks.unused_wallets import unused_wallet
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.folder import Folder

Lint = Callable[[Folder, Findings], None]

OF_ENTRIES: Final[tuple[Lint, ...]] = (
    always_true,
    budget_without_end,
    limits_add_up,
    missing_translation,
    never_now,
    never_true,
    shadowed,
)
"""What an error elsewhere does not change."""
OF_THE_WHOLE: Final[tuple[Lint, ...]] = (
    never_given,
    never_happens,
    nothing_to_multiply,
    unused_metric,
    unused_wallet,
)
"""What an error elsewhere may be the cause of: they are judged when there is none."""
