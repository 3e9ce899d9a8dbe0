"""The command that starts a new spec."""

from pathlib import Path

import click

from pipeline_lib.cli.places import shown
from pipeline_lib.cli.project import current_settings, reporting_errors
from pipeline_lib.specs import Catalog
from pipeline_lib.specs.model import DAG_ID_SUFFIX
from pipeline_lib.specs.reading.completion import complete_spec
from pipeline_lib.specs.reading.documents import can_name_pipeline, parse_document
from pipeline_lib.specs.starter import find_coin_violations, write_starter

_SCHEMA = Path("..", "schemas", "pipeline.schema.json")


def _coin(_context: click.Context, _parameter: click.Parameter, coin: str) -> str:
    for violation in find_coin_violations(coin):
        raise click.BadParameter(violation.text)
    return coin


def _name(_context: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    if name is not None and not can_name_pipeline(name):
        raise click.BadParameter(f"{name!r} can't name a pipeline (use lower-case letters, digits, - and _)")
    return name


@click.command()
@click.argument("coin", callback=_coin)
@click.option("--name", callback=_name, help="The pipeline's name, instead of the coin's id.")
@reporting_errors
def new(coin: str, name: str | None) -> None:
    """Write a commented first spec for COIN, a CoinGecko id.

    The spec goes into dag_configs. A file that exists is never written over.

    \b
    Example:
      coin-pipelines new solana
      coin-pipelines new bitcoin --name bitcoin-in-euro
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    catalog = Catalog(current_settings().dag_configs_dir)
    if not catalog.folder.is_dir():
        raise click.ClickException(
            f"the folder of specs {catalog.folder} doesn't exist (call this in the project's folder)"
        )
    # An id may hold a dot, a pipeline's name none.
    path = catalog.path_of(name or coin.replace(".", "-"))
    _write(path, coin, catalog)
    click.echo(f"wrote {shown(path, Path.cwd())}, the DAG {path.stem}{DAG_ID_SUFFIX}")
    click.echo("next: set schedule, thresholds and s3 there, then `coin-pipelines validate`")


def _write(path: Path, coin: str, catalog: Catalog) -> None:
    schema = _SCHEMA if (catalog.folder / _SCHEMA).is_file() else None
    text = write_starter(path.stem, coin, schema)
    # Checked before it is written: invalid defaults would make the new spec invalid.
    complete_spec(parse_document(path, text), catalog.defaults())
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise click.ClickException(
            f"{shown(path, Path.cwd())} exists already (take another --name)"
        ) from error
