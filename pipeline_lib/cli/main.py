"""The group of all commands. A command's module is imported when the command is called, not before."""

import click

from pipeline_lib.cli.lazy_group import LazyGroup

_COMMANDS = {
    "backfill": "pipeline_lib.cli.backfill",
    "alerts": "pipeline_lib.cli.alerts",
    "completion": "pipeline_lib.cli.completion",
    "diff": "pipeline_lib.cli.diff",
    "explain": "pipeline_lib.cli.explain",
    "new": "pipeline_lib.cli.new",
    "render": "pipeline_lib.cli.render",
    "replay": "pipeline_lib.cli.replay",
    "run": "pipeline_lib.cli.run",
    "schema": "pipeline_lib.cli.schema",
    "simulator": "pipeline_lib.cli.simulator",
    "upload": "pipeline_lib.cli.upload",
    "validate": "pipeline_lib.cli.validate",
    "verify": "pipeline_lib.cli.verify",
}


@click.group(cls=LazyGroup, modules=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="coin-pipelines", prog_name="coin-pipelines")
def main() -> None:
    """Crypto market data pipelines from YAML specs."""
