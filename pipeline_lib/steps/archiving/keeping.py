"""Whether the database at hand keeps an archive, without making one beside the one that does."""

from pipeline_lib.archive import keeper
from pipeline_lib.archive.store import Archive
from pipeline_lib.database.engine.prepared import PreparedDatabase


def prepare_keeper(archive: Archive, database: PreparedDatabase) -> bool:
    """Make sure that no other database keeps the archive, then bring a file of SQLite up to date.

    Args:
        archive: The archive of a pipeline.
        database: The database at hand.

    Returns:
        Whether it keeps the archive; False when none does so far.

    Raises:
        OtherDatabaseError: Another database keeps the archive; a file of SQLite stays unmade then.
        DatabaseError: The database can't be used.
        OSError: SQLite's disk is full or read-only, or the archive can't be read.
    """
    if database.is_unmade:
        keeper.require_keeper(archive, None)
    return keeper.require_keeper(archive, database.prepare()) is not None
