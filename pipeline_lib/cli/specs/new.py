"""The command that starts a new spec."""

from pathlib import Path

import click

from pipeline_lib.cli.places import shown
from pipeline_lib.cli.project import current_settings, reporting_errors
from pipeline_lib.specs import Catalog
from pipeline_lib.specs.model import DAG_ID_SUFFIX, Coins, NamedCoins, OneCoin, TopCoins
from pipeline_lib.specs.reading.completion import complete_spec
from pipeline_lib.specs.reading.documents import can_name_pipeline, parse_document
from pipeline_lib.specs.reading.files import find_specs_named
from pipeline_lib.specs.starter import find_coin_violations, write_starter

_SCHEMA = Path("..", "schemas", "pipeline.schema.json")


def _name(_context: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    if name is not None and not can_name_pipeline(name):
        raise click.BadParameter(f"{name!r} can't name a pipeline (use lower-case letters, digits, - and _)")
    return name


@click.command()
@click.argument("coin", required=False)
@click.option("--coins", metavar="ID,ID,…", help="Several coins in one pipeline; needs --name.")
@click.option("--top", type=int, metavar="N", help="The N coins of the greatest market caps, up to 250.")
@click.option("--from", "first", type=int, default=1, metavar="RANK", help="Rank that --top begins with.")
@click.option("--name", callback=_name, help="The pipeline's name, instead of the coin's id.")
@reporting_errors
def new(coin: str | None, coins: str | None, top: int | None, first: int, name: str | None) -> None:
    """Write a commented first spec for a coin, or for several.

    COIN is a CoinGecko id. The spec goes into dag_configs. A file that exists is never written over.

    \b
    Example:
      coin-pipelines new solana
      coin-pipelines new bitcoin --name bitcoin-in-euro
      coin-pipelines new --coins bitcoin,ethereum,solana --name majors
      coin-pipelines new --top 100
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    chosen = _choose(coin, coins, top, first)
    for violation in find_coin_violations(chosen):
        given = "'COIN'" if coin is not None else "'--coins'" if coins is not None else "'--top'"
        raise click.BadParameter(violation.text, param_hint=given)
    name = name or _name_of(chosen)
    catalog = Catalog(current_settings().dag_configs_dir)
    if not catalog.folder.is_dir():
        raise click.ClickException(
            f"the folder of specs {catalog.folder} doesn't exist (call this in the project's folder)"
        )
    path = catalog.path_of(name)
    for taken in find_specs_named(path.stem, catalog.folder):
        raise click.ClickException(f"{shown(taken, Path.cwd())} exists already (take another --name)")
    _write(path, chosen, catalog)
    click.echo(f"wrote {shown(path, Path.cwd())}, the DAG {path.stem}{DAG_ID_SUFFIX}")
    click.echo("next: set schedule, thresholds and s3 there, then `coin-pipelines validate`")


def _choose(coin: str | None, coins: str | None, top: int | None, first: int) -> Coins:
    if [coin, coins, top].count(None) != 2:  # noqa: PLR2004 (of three)
        raise click.UsageError("give one of COIN, --coins and --top")
    if coin is not None:
        return OneCoin(coin)
    if coins is not None:
        return NamedCoins(tuple(each.strip() for each in coins.split(",")))
    return TopCoins(top or 0, first)


def _name_of(coins: Coins) -> str:
    match coins:
        case OneCoin(coin):
            # An id may hold a dot, a pipeline's name none.
            return coin.replace(".", "-")
        case NamedCoins():
            raise click.UsageError("a pipeline of several coins needs a --name, for example --name majors")
        case TopCoins(count, 1):
            return f"top-{count}"
        case TopCoins(count, first):
            return f"coins-{first}-to-{first + count - 1}"


def _write(path: Path, coins: Coins, catalog: Catalog) -> None:
    schema = _SCHEMA if (catalog.folder / _SCHEMA).is_file() else None
    text = write_starter(path.stem, coins, schema)
    # Checked before it is written: invalid defaults would make the new spec invalid.
    complete_spec(parse_document(path, text), catalog.defaults())
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise click.ClickException(
            f"{shown(path, Path.cwd())} exists already (take another --name)"
        ) from error
