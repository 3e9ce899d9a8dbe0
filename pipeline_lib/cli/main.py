"""The group of all commands. A command's module is imported when the command is called, not before."""

from importlib import import_module

import click

_COMMANDS = {
    "backfill": "pipeline_lib.cli.backfill",
    "completion": "pipeline_lib.cli.completion",
    "diff": "pipeline_lib.cli.diff",
    "explain": "pipeline_lib.cli.explain",
    "new": "pipeline_lib.cli.new",
    "render": "pipeline_lib.cli.render",
    "run": "pipeline_lib.cli.run",
    "schema": "pipeline_lib.cli.schema",
    "simulator": "pipeline_lib.cli.simulator",
    "upload": "pipeline_lib.cli.upload",
    "validate": "pipeline_lib.cli.validate",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (as above)
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(import_module(module), cmd_name)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="coin-pipelines", prog_name="coin-pipelines")
def main() -> None:
    """Crypto market data pipelines from YAML specs."""
