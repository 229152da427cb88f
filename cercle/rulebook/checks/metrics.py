"""metrics.yaml against actions.yaml."""

from cercle.rulebook.codes import Code
from cercle.rulebook.conditions.text import tokens
from cercle.rulebook.scope import Scope
from cercle.rulebook.text.source import Block


def check_metrics(block: Block, scope: Scope) -> None:
    """What is wrong goes to the scope's findings."""
    metrics = block.get("metrics")
    for metric in metrics.values() if isinstance(metrics, Block) else ():
        if isinstance(metric, Block) and not _reads_metrics(metric, scope):
            scope.measure(metric, scope.vocabularies.of_metrics)


def _reads_metrics(metric: Block, scope: Scope) -> bool:
    when = metric.get("when")
    for token in tokens(when) if isinstance(when, str) else ():
        if token.kind == "name" and token.text == "metrics":
            sentence = (
                "a metric cannot be made of other metrics; its condition is about one action at a time, "
                'as in `topic == "trains"`'
            )
            scope.findings.error(
                Code.CONDITION_FIELD,
                metric.value_spots["when"].place(token.offset, len(token.text)),
                sentence,
            )
            return True
    return False
