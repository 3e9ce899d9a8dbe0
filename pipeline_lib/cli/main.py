"""The group of all commands. A command's module is imported when the command is called, not before."""

from typing import Any

import click

from pipeline_lib.cli.lazy_group import LazyGroup
from pipeline_lib.cli.unread_output import outlive_readers

COMMANDS = {
    "backfill": "pipeline_lib.cli.pipelines.backfill",
    "alerts": "pipeline_lib.cli.alerts",
    "completion": "pipeline_lib.cli.completion",
    "database": "pipeline_lib.cli.database",
    "diff": "pipeline_lib.cli.specs.diff",
    "export": "pipeline_lib.cli.pipelines.export",
    "explain": "pipeline_lib.cli.specs.explain",
    "list": "pipeline_lib.cli.pipelines.list",
    "new": "pipeline_lib.cli.specs.new",
    "quarantine": "pipeline_lib.cli.pipelines.quarantine",
    "remove": "pipeline_lib.cli.pipelines.remove",
    "rename": "pipeline_lib.cli.pipelines.rename",
    "render": "pipeline_lib.cli.specs.render",
    "replay": "pipeline_lib.cli.pipelines.replay",
    "run": "pipeline_lib.cli.pipelines.run",
    "schema": "pipeline_lib.cli.specs.schema",
    "simulator": "pipeline_lib.cli.simulator",
    "status": "pipeline_lib.cli.pipelines.status",
    "upload": "pipeline_lib.cli.pipelines.upload",
    "validate": "pipeline_lib.cli.specs.validate",
    "verify": "pipeline_lib.cli.pipelines.verify",
}
"""The module of each command."""


class _Program(LazyGroup):
    """All commands, which go on to their end when nobody reads what they say."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (click's)
        """Run the command that the process was called with."""
        outlive_readers()
        return super().main(*args, **kwargs)


@click.group(cls=_Program, modules=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="coin-pipelines", prog_name="coin-pipelines")
def main() -> None:
    """Crypto market data pipelines from YAML specs."""
