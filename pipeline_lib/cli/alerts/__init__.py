"""The group of commands about alerts."""

import click

from pipeline_lib.cli.lazy_group import LazyGroup

_COMMANDS = {
    "history": "pipeline_lib.cli.alerts.history",
    "simulate": "pipeline_lib.cli.alerts.simulate",
    "test": "pipeline_lib.cli.alerts.trial",
}


@click.group(cls=LazyGroup, modules=_COMMANDS)
def alerts() -> None:
    """Test alerts, list episodes, find thresholds that suit a coin.

    \b
    Example:
      coin-pipelines alerts history bitcoin
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
