"""The database that keeps an archive: the archive names it, so that no other one takes its place unseen.

``keeper`` holds the UUID of the first database, ``keeper.2`` that of one that took the archive over, and so
on. Like everything else in an archive, they are written once.
"""

from pipeline_lib.archive.store import Archive
from pipeline_lib.errors import OtherDatabaseError

_MOST_BYTES = 100


def require_keeper(archive: Archive, database: str | None) -> str | None:
    """Make sure that no other database keeps the archive.

    Args:
        archive: The pipeline's archive.
        database: The UUID of the database at hand; None for one without tables.

    Returns:
        The UUID of the database at hand when it keeps the archive; None when none does so far.

    Raises:
        OtherDatabaseError: Another one does.
        OSError: It can't be read.
    """
    keeper = find_keeper(archive)
    if keeper is not None and keeper != database:
        raise OtherDatabaseError(archive.location(""), keeper, database)
    return keeper


def claim(archive: Archive, database: str) -> None:
    """Make a database the archive's keeper, unless there is one already.

    Args:
        archive: The pipeline's archive.
        database: The UUID of the database at hand.

    Raises:
        OtherDatabaseError: Another one keeps it.
        OSError: The disk is full or read-only.
    """
    if require_keeper(archive, database) is None and not archive.create(_name(1), _encode(database)):
        # Another process was faster, perhaps on another database.
        require_keeper(archive, database)


def adopt(archive: Archive, database: str) -> None:
    """Make a database the archive's keeper, whichever was.

    Args:
        archive: The pipeline's archive.
        database: The UUID of the database at hand.

    Raises:
        OSError: The disk is full or read-only.
    """
    while True:
        keeper, number = _find_newest(archive)
        if keeper == database or archive.create(_name(number + 1), _encode(database)):
            return


def find_keeper(archive: Archive) -> str | None:
    """The UUID of the database that keeps the archive; None before the first.

    Raises:
        OSError: It can't be read.
    """
    return _find_newest(archive)[0]


def _find_newest(archive: Archive) -> tuple[str | None, int]:
    keeper: str | None = None
    number = 0
    while (content := archive.read(_name(number + 1), _MOST_BYTES)) is not None:
        keeper, number = content.decode(errors="replace").strip() or "(unreadable)", number + 1
    return keeper, number


def _name(number: int) -> str:
    return "keeper" if number == 1 else f"keeper.{number}"


def _encode(database: str) -> bytes:
    return f"{database}\n".encode()
