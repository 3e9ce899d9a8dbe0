"""The command that rebuilds raw log and processed table from the archive."""

import sys

import click

from pipeline_lib.cli.project import chosen_pipelines, complete_names, current_settings, reporting_errors
from pipeline_lib.errors import CoinPipelinesError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.replay import Replayed
from pipeline_lib.steps.replay import replay as replay_archive

_SHOWN_EVERY = 256


@click.command()
@click.argument("pipeline", required=False, shell_complete=complete_names)
@click.option("--all", "all_pipelines", is_flag=True, help="Replay every pipeline of the project.")
@click.option(
    "--drop-unarchived",
    is_flag=True,
    help="Go on though the raw log holds rows that the archive doesn't; they are lost.",
)
@reporting_errors
def replay(pipeline: str | None, *, all_pipelines: bool, drop_unarchived: bool) -> None:
    """Rebuild the raw log and the processed table of PIPELINE from its archive.

    Runs may go on meanwhile. Exit code 0: both files are as the archive says; 1: a pipeline failed, and its
    files are as they were; 2: misuse.

    \b
    Example:
      coin-pipelines replay bitcoin
      coin-pipelines replay --all
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    specs = chosen_pipelines(settings, pipeline, all_pipelines=all_pipelines)
    succeeded = [_attempt(spec, settings, drop_unarchived=drop_unarchived) for spec in specs]
    if not all(succeeded):
        raise SystemExit(1)


def _attempt(spec: PipelineSpec, settings: Settings, *, drop_unarchived: bool) -> bool:
    try:
        with click.progressbar(
            length=1, label=spec.name, file=sys.stderr, hidden=not sys.stderr.isatty(), show_pos=True
        ) as bar:

            def show(done: int, total: int) -> None:
                if done % _SHOWN_EVERY == 0 or done == total:
                    bar.length = total
                    bar.update(done - bar.pos)

            replayed = replay_archive(
                Layout.of(spec.name, settings), spec.windows, show, drop_unarchived=drop_unarchived
            )
    except (CoinPipelinesError, OSError) as error:
        click.echo(f"{spec.name}: failed: {error}", err=True)
        return False
    click.echo(f"{spec.name}: {_describe(replayed)}")
    return True


def _describe(replayed: Replayed) -> str:
    parts = [
        f"{replayed.rows} rows",
        f"raw log {'rebuilt' if replayed.log_changed else 'unchanged'}",
        f"processed table {'rebuilt' if replayed.table_changed else 'unchanged'}",
    ]
    if replayed.recorded:
        parts.append(f"{replayed.recorded} snapshots entered into a manifest")
    if replayed.dropped:
        parts.append(f"{replayed.dropped} lines without a snapshot dropped")
    return ", ".join(parts)
