"""The command that gives a pipeline another name."""

from pathlib import Path

import click

from pipeline_lib.cli.connections import require_connections, s3_connection, services_of
from pipeline_lib.cli.pipelines.named import PIPELINE_NAME, find_runnable
from pipeline_lib.cli.places import shown
from pipeline_lib.cli.progress import shown_progress
from pipeline_lib.cli.project import complete_names, current_settings, reporting_errors
from pipeline_lib.common.counting import counted
from pipeline_lib.errors import NameChangeRefusedError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog
from pipeline_lib.steps.lifecycle.renaming import (
    Renaming,
    delete_former_objects,
    plan_renaming,
    publish_under_new_name,
    rename_rows_and_files,
)


@click.command()
@click.argument("old", type=PIPELINE_NAME)
@click.argument("new", type=PIPELINE_NAME, shell_complete=complete_names)
@click.option("--old-prefix", help="The S3 prefix so far, where the spec now says another one.")
@reporting_errors
def rename(old: str, new: str, old_prefix: str | None) -> None:
    """Give what is kept of the pipeline OLD the name NEW.

    Moves its rows, archive, manifests and CSV files, publishes everything on S3 under the new name, and then
    deletes the objects of the old one. No alert is sent again. Before it, switch the DAG of OLD off in
    Airflow, let its run end, and rename the spec: git mv dag_configs/OLD.yaml dag_configs/NEW.yaml. After
    it, switch the DAG of NEW on. When it is stopped, the same command does the rest.

    Exit code 0: everything has the new name; 1: something failed, or NEW is taken; 2: misuse.

    \b
    Example:
      coin-pipelines rename bitcoin btc
      coin-pipelines rename bitcoin btc --old-prefix crypto/bitcoin
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    _require_renamed_spec(settings, old, new)
    spec = find_runnable(settings, new)
    require_connections(s3_connection(spec))
    services = services_of(spec, settings)
    try:
        renaming = plan_renaming(old, spec, services, old_prefix and old_prefix.strip("/"))
        moved = rename_rows_and_files(renaming, services)
        for path in (path for path in moved if not path.name.startswith(".")):
            click.echo(f"moved to {shown(path, Path.cwd())}")
        with shown_progress(new, "snapshots and days published") as progress:
            published = 0
            for batch in publish_under_new_name(renaming, services):
                published += batch.published
                progress.show(published, published + batch.left)
        deleted = delete_former_objects(renaming)
    finally:
        services.database.close()
    _report(renaming, deleted)


def _require_renamed_spec(settings: Settings, old: str, new: str) -> None:
    if old == new:
        raise click.UsageError("OLD and NEW are the same name")
    catalog = Catalog(settings.dag_configs_dir)
    names = catalog.names()
    if old in names:
        here, there = (catalog.path_of(name).name for name in (old, new))
        then = "remove one of the two specs" if new in names else f"rename it to {there}"
        hint = f"switch its DAG off, let its run end, then {then}"
        raise NameChangeRefusedError(old, new, f"the spec {here} is there still", hint=hint)


def _report(renaming: Renaming, deleted: int) -> None:
    if renaming.former is not None:
        former, destination = renaming.former
        click.echo(
            f"{destination.bucket.location(destination.prefix)}: published what was missing, "
            f"deleted {counted(deleted, 'object')} of {former.name}"
        )
    click.echo(f"{renaming.old} is {renaming.spec.name} now; switch the DAG {renaming.spec.dag_id} on")
