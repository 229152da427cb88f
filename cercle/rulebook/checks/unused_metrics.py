"""Metrics that no condition and no leaderboard reads.

Why: Cercle keeps a number about every member for each metric, and this one is for nothing.
"""

from cercle.rulebook.checks.words_of import words_of
from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block


def unused_metric(folder: Folder, findings: Findings) -> None:
    """Warns of each whose name stands nowhere else."""
    file = folder.blocks.get("metrics.yaml")
    declared = file.get("metrics") if file else None
    if not isinstance(declared, Block):
        return
    for name in sorted(declared.keys() - words_of(folder, without=("metrics.yaml",))):
        sentence = f"nothing uses the metric `{name}`: no condition says `metrics.{name}`"
        findings.warning(Code.UNUSED_METRIC, declared.key_spots[name].place(), sentence)
