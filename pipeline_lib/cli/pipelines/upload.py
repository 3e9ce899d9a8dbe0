"""The command that publishes what S3 lacks of a pipeline."""

import os
import sys
from collections.abc import Callable

import click

from pipeline_lib import steps
from pipeline_lib.cli.project import complete_names, current_settings, load_pipeline, reporting_errors
from pipeline_lib.model.outcome import Skipped
from pipeline_lib.publishing.s3 import PublishState, publish_processed_table, publish_raw_log
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.upload import find_destination

_BATCH = 200


@click.command()
@click.argument("pipeline", shell_complete=complete_names)
@reporting_errors
def upload(pipeline: str) -> None:
    """Publish to S3 all that it lacks of PIPELINE: snapshots, partitions, raw log and processed table.

    S3 is asked what it has, whatever earlier runs noted. Nothing there is deleted, and no snapshot changed.

    \b
    Example:
      coin-pipelines upload bitcoin
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    spec = load_pipeline(settings, pipeline)
    services = steps.Services.from_settings(settings).for_pipeline(spec, os.environ)
    destination = find_destination(spec, services)
    # Asked for by hand, an upload that can't happen is a failure.
    if isinstance(destination, Skipped):
        raise click.ClickException(f"nothing was uploaded: {destination.reason}")
    layout = Layout.of(pipeline, settings)
    if not layout.raw_log.exists():
        raise click.ClickException(f"nothing was uploaded: there is no {layout.raw_log}")
    PublishState.of(layout, destination).forget()
    refused: set[str] = set()

    def publish_snapshots() -> tuple[int, int]:
        report = publish_raw_log(layout, destination, at_most=_BATCH)
        refused.update(map(str, report.refused))
        return report.published, report.left

    def publish_days() -> tuple[int, int]:
        report = publish_processed_table(layout, destination, at_most=_BATCH)
        return len(report.days), report.left

    snapshots = _repeat("snapshots", publish_snapshots)
    days = _repeat("days", publish_days)
    click.echo(
        f"{destination.bucket.location(destination.prefix)}: {snapshots} snapshots were missing; "
        f"{days} days of the processed table compared"
    )
    if refused:
        raise click.ClickException("\n".join(sorted(refused)))


def _repeat(what: str, publish: Callable[[], tuple[int, int]]) -> int:
    """Publish batch after batch, with a bar on a terminal; how many there were in all."""
    published, left = publish()
    with click.progressbar(length=published + left, label=what, file=sys.stderr, hidden=not left) as bar:
        bar.update(published)
        while left:
            more, left = publish()
            bar.update(more)
            published += more
    return published
