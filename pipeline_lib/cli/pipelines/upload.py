"""The command that publishes what S3 lacks of a pipeline."""

import sys
from collections.abc import Iterator

import click

from pipeline_lib.cli.connections import require_connections, s3_connection, services_of
from pipeline_lib.cli.project import complete_names, current_settings, load_pipeline, reporting_errors
from pipeline_lib.common.counting import counted
from pipeline_lib.model.outcome import Skipped
from pipeline_lib.steps.upload_missing import Batch, start_upload, upload_days, upload_snapshots


@click.command()
@click.argument("pipeline", shell_complete=complete_names)
@reporting_errors
def upload(pipeline: str) -> None:
    """Publish to S3 all that it lacks of PIPELINE.

    That is snapshots, partitions, raw log and processed table. S3 is asked what it has, whatever earlier runs
    noted. Nothing there is deleted, and no snapshot changed.

    \b
    Example:
      coin-pipelines upload bitcoin
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    spec = load_pipeline(settings, pipeline)
    require_connections(s3_connection(spec))
    services = services_of(spec, settings)
    started = start_upload(spec, services)
    # Asked for by hand, an upload that can't happen is a failure.
    if isinstance(started, Skipped):
        raise click.ClickException(f"nothing was uploaded: {started.reason}")
    source, destination = started
    snapshots = _with_bar("snapshots", upload_snapshots(source, destination))
    days = _with_bar("days", upload_days(source, destination))
    click.echo(
        f"{destination.bucket.location(destination.prefix)}: "
        f"published {counted(_published(snapshots), 'missing snapshot')}, "
        f"compared {counted(_published(days), 'day')} of the processed table"
    )
    refused = {str(error) for batch in snapshots for error in batch.refused}
    if refused:
        raise click.ClickException("\n".join(sorted(refused)))


def _with_bar(label: str, batches: Iterator[Batch]) -> list[Batch]:
    """All batches; on a terminal a bar shows how far they are."""
    done = [next(batches)]
    length, left = done[0].published + done[0].left, done[0].left
    with click.progressbar(length=length, label=label, file=sys.stderr, hidden=not left) as bar:
        bar.update(done[0].published)
        for batch in batches:
            bar.update(batch.published)
            done.append(batch)
    return done


def _published(batches: list[Batch]) -> int:
    return sum(batch.published for batch in batches)
