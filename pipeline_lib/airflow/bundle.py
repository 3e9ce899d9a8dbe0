"""The DAGs folder as a bundle that has Airflow parse specs when they change, and seldom otherwise.

Airflow knows of a DAG file's own changes, but not of what the file reads. Left alone, it parses, serializes
and stores a thousand specs every few seconds to find one that changed, which takes most of a core.
"""

import logging
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.dag_processing.bundles.local import LocalDagBundle

from pipeline_lib.airflow.changed_specs import announce
from pipeline_lib.errors import CoinPipelinesError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog, PipelineSpec
from pipeline_lib.specs.folder_state import FolderState, folder_state
from pipeline_lib.specs.model import DAG_ID_SUFFIX
from pipeline_lib.specs.pipelines import load_pipelines

if TYPE_CHECKING:
    from pipeline_lib.airflow.parsed_dags import ParsedDags

_log = logging.getLogger(__name__)

# What is done after a change is done at once, and twice more: a parse that is under way swallows the request
# for another, and stores in the end what it read before.
_SECONDS_AFTER_CHANGE = (0.0, 15.0, 60.0)


class PipelinesDagBundle(LocalDagBundle):
    """A folder with the two DAG files of this project, watched together with the specs that they read.

    The dag processor calls ``refresh`` every ``refresh_interval`` seconds; tasks use the folder alone.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, **arguments: Any) -> None:  # noqa: ANN401 (Airflow's)
        """Take what ``LocalDagBundle`` takes.

        Args:
            clock: Seconds that never go back, the same for all processes.
            arguments: ``LocalDagBundle``'s.
        """
        super().__init__(**arguments)
        self._clock = clock
        self._state: FolderState | None = None
        self._due: Sequence[float] = ()
        self._specs: Mapping[str, PipelineSpec] | None = None
        self._changed: frozenset[str] = frozenset()

    def refresh(self) -> None:
        """Let Airflow know of specs that aren't what they were at the last look."""
        settings = Settings.for_parsing(os.environ, project_folder=self.path.parent)
        state, now = folder_state(settings.dag_configs_dir), self._clock()
        if state != self._state:
            self._state = state
            self._due = [now + seconds for seconds in _SECONDS_AFTER_CHANGE]
        if any(due <= now for due in self._due):
            self._follow(settings)
            self._due = [due for due in self._due if due > now]
        if not self._due:
            self._changed = frozenset()

    def _follow(self, settings: Settings) -> None:
        from airflow.utils.session import create_session

        from pipeline_lib.airflow.parsed_dags import INVALID_SPECS_FILE, PIPELINES_FILE, ParsedDags

        loaded = load_pipelines(settings)
        specs = {spec.name: spec for spec in loaded.specs}
        # What it hasn't seen, Airflow parses by itself.
        before = specs if self._specs is None else self._specs
        self._changed |= {name for name, spec in specs.items() if before.get(name) != spec}
        self._specs = specs
        with create_session() as session:
            dags = ParsedDags(session, self.name)
            # A folder that isn't there says nothing of specs: its disk may be away for a while.
            if settings.dag_configs_dir.is_dir():
                self._deactivate_what_is_gone(dags, Catalog(settings.dag_configs_dir).names())
            dags.request_parsing(INVALID_SPECS_FILE)
            if self._changed:
                _log.info("specs have changed: %s", ", ".join(sorted(self._changed)))
                if _may_be_parsed_in_part(dags):
                    announce(self._changed, os.environ, self._clock())
                dags.request_parsing(PIPELINES_FILE)
        if not loaded.errors:
            self._notify_of_mended_specs(str(self.path / INVALID_SPECS_FILE))

    def _deactivate_what_is_gone(self, dags: "ParsedDags", names: Collection[str]) -> None:
        valid = {_dag_id(name) for name in self._specs or ()}
        gone = dags.active().keys() - valid
        if gone:
            _log.info("specs are gone or invalid: %s", ", ".join(sorted(gone)))
        dags.deactivate(gone)
        dags.show_invalid_specs_on(gone.intersection(map(_dag_id, names)))

    def _notify_of_mended_specs(self, file_name: str) -> None:
        """Notify operators: Airflow has a listener for new import errors, and none for their end."""
        from pipeline_lib.airflow.notifiers.import_errors import notify_of_mended_specs

        try:
            notify_of_mended_specs(file_name)
        except (CoinPipelinesError, OSError):
            _log.exception("operators were not notified")


def _may_be_parsed_in_part(dags: "ParsedDags") -> bool:
    """Whether no DAG would be gone for Airflow when its file is parsed without it now."""
    gone_after = timedelta(seconds=conf.getint("dag_processor", "stale_dag_threshold"))
    oldest = min(dags.active().values(), default=None)
    return oldest is not None and datetime.now(UTC) - oldest < gone_after / 2


def _dag_id(name: str) -> str:
    return f"{name}{DAG_ID_SUFFIX}"
