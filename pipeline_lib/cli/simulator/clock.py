"""The command that sets the simulator's clock."""

import click

from pipeline_lib.cli.simulator.steering import ask, port_option


@click.command()
@click.argument("moment", required=False)
@port_option
def clock(moment: str | None, port: int) -> None:
    """Set the simulator's clock.

    It stands at MOMENT, or follows the real clock with `now`. Without MOMENT, print its time.

    \b
    Example:
      coin-pipelines simulator clock 2018-02-06T14:00:00Z
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    told = ask("PUT", port, "/clock", {"at": moment}) if moment else ask("GET", port, "/clock")
    click.echo(f"{told['at']}, {'follows the real clock' if told['follows'] else 'stands'}")
