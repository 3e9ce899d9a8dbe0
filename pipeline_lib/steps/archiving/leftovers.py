"""Temporary files of processes that were killed, in all folders that a pipeline writes to."""

import logging
from datetime import timedelta

from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.common.durable_files import remove_leftovers
from pipeline_lib.publishing.csv.progress import note_path
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.run import Services

_log = logging.getLogger(__name__)
_AGE = timedelta(days=1)


def clean_up(spec: PipelineSpec, services: Services) -> None:
    """Remove what killed processes left of archive, manifests and CSV files, but nothing of the last day.

    Other processes may write meanwhile. What can't be removed is in nobody's way: it is logged.

    Args:
        spec: The pipeline.
        services: The access to the world.
    """
    layout, before = Layout.of(spec.name, services.settings), services.now() - _AGE
    try:
        removed = FolderArchive(layout.archive).remove_leftovers(before)
        removed += remove_leftovers(layout.manifests, before)
        for table in (layout.raw_log, layout.processed_table):
            # Other pipelines, and whoever else, may have files in that folder.
            removed += remove_leftovers(table.parent, before, (table.name, note_path(table).name))
    except OSError as error:
        _log.warning("temporary files of killed processes can't be removed: %s", error)
        return
    if removed:
        _log.info("%s temporary files of killed processes were removed", removed)
