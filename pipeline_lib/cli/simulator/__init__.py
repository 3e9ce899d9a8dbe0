"""The commands that run a simulated CoinGecko and Slack, and steer them."""

import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from pipeline_lib.cli.lazy_group import LazyGroup
from pipeline_lib.cli.project import MOMENT
from pipeline_lib.errors import CoinPipelinesError
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.generated_market import GeneratedMarket
from pipeline_lib.simulator.market.series import CsvSeries, PriceSeries
from pipeline_lib.simulator.server import Simulator

_COMMANDS = {
    "clock": "pipeline_lib.cli.simulator.clock",
    "fault": "pipeline_lib.cli.simulator.fault",
}
_LOOPBACK = "127.0.0.1"
_END_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})


def _loopback_only(_context: click.Context, _parameter: click.Parameter, host: str) -> None:
    if host != _LOOPBACK:
        raise click.BadParameter(
            f"the simulator listens on {_LOOPBACK} only, since it obeys whoever reaches it"
        )


def _price_files(
    _context: click.Context, _parameter: click.Parameter, pairs: tuple[str, ...]
) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for pair in pairs:
        coin, separator, path = pair.partition("=")
        if not (coin and separator and path):
            raise click.BadParameter(f"{pair!r} is not like bitcoin=prices.csv")
        if coin in files:
            raise click.BadParameter(f"{coin} is given twice")
        files[coin] = Path(path)
    return files


@click.group(cls=LazyGroup, modules=_COMMANDS, invoke_without_command=True)
@click.option(
    "--host",
    default=_LOOPBACK,
    show_default=True,
    expose_value=False,
    callback=_loopback_only,
    help="The address to listen on; no other is allowed.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8099,
    show_default=True,
    help="The port to listen on; 0 takes any free one.",
)
@click.option(
    "--prices",
    multiple=True,
    metavar="COIN=FILE.csv",
    callback=_price_files,
    help="Prices of one coin: CSV with the columns timestamp,close_usd[,volume_usd]. May be repeated.",
)
@click.option(
    "--at",
    type=MOMENT,
    help="Stand at this time instead of following the real clock: 2018-02-05T14:00:00Z, or a date.",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Which of the made-up markets to serve without --prices.",
)
@click.pass_context
def simulator(
    context: click.Context, port: int, prices: dict[str, Path], at: datetime | None, seed: int
) -> None:
    """Serve a simulated CoinGecko and Slack, or steer them.

    Without a command, it serves them until Ctrl-C or SIGTERM; with a command, it steers those that run.

    Without --prices, a made-up market from 2024 on: 3,000 coins are in the list by market capitalisation, any
    other id has a price as well, and ids that begin with unknown- are unknown.

    \b
    Example: two days in February 2018, with one answer that fails
      coin-pipelines simulator --prices bitcoin=bitcoin.csv --at 2018-02-05T14:00:00Z
    and beside it
      curl 'http://127.0.0.1:8099/api/v3/coins/markets?vs_currency=usd&ids=bitcoin'
      coin-pipelines simulator clock 2018-02-06T14:00:00Z
      coin-pipelines simulator fault 503
      curl http://127.0.0.1:8099/simulator/slack/messages
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
    if context.invoked_subcommand is not None:
        return
    clock = SimulatedClock(lambda: datetime.now(UTC))
    if at is not None:
        clock.set(at)
    try:
        running = Simulator(_series(prices, seed), clock, port=port)
    except CoinPipelinesError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"can't listen on {_LOOPBACK}:{port}: {error.strerror}") from error
    # Blocked before any thread starts, so that the signal waits for sigwait whichever thread it is sent to.
    earlier_mask = signal.pthread_sigmask(signal.SIG_BLOCK, _END_SIGNALS)
    try:
        with running:
            click.echo(f"CoinGecko: {running.base_url}  Slack webhook: {running.slack_webhook_url}")
            signal.sigwait(_END_SIGNALS)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, earlier_mask)


def _series(prices: dict[str, Path], seed: int) -> Mapping[str, PriceSeries]:
    if prices:
        return {coin: CsvSeries(path) for coin, path in prices.items()}
    return GeneratedMarket(seed)
