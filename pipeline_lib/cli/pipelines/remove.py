"""The command that deletes what is kept of a pipeline."""

from collections.abc import Iterator
from pathlib import Path

import click

from pipeline_lib.cli.connections import require_connections, s3_connection, services_of
from pipeline_lib.cli.pipelines.chosen import NOTHING
from pipeline_lib.cli.pipelines.named import PIPELINE_NAME, find_runnable
from pipeline_lib.cli.places import shown
from pipeline_lib.cli.project import complete_names, current_settings, reporting_errors
from pipeline_lib.cli.waiting import SpokenWait
from pipeline_lib.common.counting import counted
from pipeline_lib.publishing.s3.destination import Destination
from pipeline_lib.specs import Catalog
from pipeline_lib.steps import Services
from pipeline_lib.steps.lifecycle.removal import Belongings, find_belongings
from pipeline_lib.steps.lifecycle.removal import remove as remove_belongings


@click.command()
@click.argument("name", metavar="NAME", type=PIPELINE_NAME, shell_complete=complete_names)
@click.option("--yes", is_flag=True, help="Delete it. Only a backup brings it back.")
@reporting_errors
def remove(name: str, *, yes: bool) -> None:
    """Print what is kept of the pipeline NAME; with --yes, delete it.

    That is its archive, manifests, CSV files, rows, and its objects on S3. Where these are, only the spec
    says, so delete the spec last. Before it, switch the DAG off in Airflow and let its run end. When it is
    stopped, the same command does the rest. What else lies in the same folders stays.

    Exit code 0: printed, or deleted; 1: something failed; 2: misuse; 3: there is nothing to delete.

    \b
    Example:
      coin-pipelines remove bitcoin
      coin-pipelines remove bitcoin --yes
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    catalog = Catalog(settings.dag_configs_dir)
    others = set(catalog.names())
    spec = find_runnable(settings, name) if name in others else None
    if spec:
        require_connections(s3_connection(spec))
    services = services_of(spec, settings) if spec else Services.from_settings(settings, SpokenWait())
    try:
        found = find_belongings(name, spec, services, others)
        if yes:
            remove_belongings(found, services)
    finally:
        services.database.close()
    for line in _describe(found, services.database.name):
        click.echo(line)
    if found.is_nothing:
        click.echo(f"{name}: there is nothing to delete", err=True)
        raise SystemExit(NOTHING)
    if not yes:
        click.echo(f"to delete all this, for ever: coin-pipelines remove {name} --yes")
        return
    click.echo(f"deleted what was kept of {name}")
    if spec:
        click.echo(f"next: delete the spec {catalog.path_of(name).name}, or its next run starts from nothing")


def _describe(found: Belongings, database: str) -> Iterator[str]:
    for each in found.files:
        if each.paths:
            yield f"{shown(each.place, Path.cwd())}: {counted(len(each.paths), 'file')}, {each.size:,} B"
    if found.rows:
        yield f"{database}: {counted(sum(found.rows.values()), 'row')} in {counted(len(found.rows), 'table')}"
    yield from _describe_objects(found)
    for path in (path for each in found.files for path in each.others):
        yield f"left as it is: {shown(path, Path.cwd())}, which isn't a file of the pipeline"


def _describe_objects(found: Belongings) -> Iterator[str]:
    if not isinstance(found.destination, Destination) or found.objects is None:
        yield f"S3 is left as it is: {found.destination}"
        return
    bucket, own = found.destination.bucket, (*found.objects.snapshots, *found.objects.named)
    size = sum(each.size for each in own)
    yield f"{bucket.location(found.destination.prefix)}: {counted(len(own), 'object')}, {size:,} B"
    for each in found.objects.others:
        yield f"left as it is: {bucket.location(each.key)}, which isn't an object of the pipeline"
