"""What Airflow's database knows of parsed DAGs, and what it is told; for the dag processor alone.

Airflow has no other way to ask for a parse than its button "Reparse Dag", which does the same.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from airflow.models.dag import DagModel
from airflow.models.dagbag import DagPriorityParsingRequest
from sqlalchemy import delete, select, update  # noqa: TID253 (no DAG file imports this)
from sqlalchemy.orm import Session  # noqa: TID253 (as above)

PIPELINES_FILE = Path("coin_pipelines.py")
INVALID_SPECS_FILE = Path("invalid_specs.py")


@dataclass(frozen=True, slots=True)
class ParsedDags:
    """The DAGs of one bundle.

    Attributes:
        session: A transaction of Airflow's database.
        bundle: The bundle's name.
    """

    session: Session
    bundle: str

    def active(self) -> dict[str, datetime]:
        """The time of the last parse of each DAG that is on show, by its id."""
        query = select(DagModel.dag_id, DagModel.last_parsed_time).where(
            DagModel.bundle_name == self.bundle,
            DagModel.relative_fileloc == str(PIPELINES_FILE),
            ~DagModel.is_stale,
        )
        return {dag_id: parsed for dag_id, parsed in self.session.execute(query) if parsed}

    def deactivate(self, dag_ids: Collection[str]) -> None:
        """Take DAGs off the show, as Airflow does with those that a parse no longer finds."""
        self._change(dag_ids, is_stale=True)

    def show_invalid_specs_on(self, dag_ids: Collection[str]) -> None:
        """Have the pages of DAGs show the import error that says what is wrong with their specs.

        The page of a DAG that isn't active shows the import error of the file that it is from. The parse of a
        valid spec puts the file right again.
        """
        self._change(dag_ids, relative_fileloc=str(INVALID_SPECS_FILE))

    def request_parsing(self, file: Path) -> None:
        """Have a file parsed next."""
        # One that waits already would be refused.
        self.session.execute(
            delete(DagPriorityParsingRequest).where(
                DagPriorityParsingRequest.bundle_name == self.bundle,
                DagPriorityParsingRequest.relative_fileloc == str(file),
            )
        )
        self.session.add(DagPriorityParsingRequest(self.bundle, str(file)))

    def _change(self, dag_ids: Collection[str], **values: object) -> None:
        if dag_ids:
            self.session.execute(
                update(DagModel)
                .where(DagModel.bundle_name == self.bundle, DagModel.dag_id.in_(dag_ids))
                .values(values)
            )
