"""File systems on which SQLite loses data: those of a network, and those in user space."""

from pathlib import Path

from pipeline_lib.errors import DatabaseUnsafeError

_MOUNTS = Path("/proc/self/mountinfo")
_UNSAFE = (
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "ceph",
    "glusterfs",
    "lustre",
    "beegfs",
    "afs",
    "ncpfs",
)
_USER_SPACE = ("fuse", "fuseblk")


def require_local_disk(path: Path) -> None:
    """Refuse a place for SQLite whose locks or whose writes can't be relied on.

    A system that doesn't say where its disks are mounted is trusted.

    Raises:
        DatabaseUnsafeError: The file lies on a network's file system, or on one in user space.
    """
    kind = file_system_of(path, _MOUNTS)
    if kind is not None and (kind in _UNSAFE or kind.partition(".")[0] in _USER_SPACE):
        raise DatabaseUnsafeError(
            f"SQLite isn't safe on the file system {kind} of {path}",
            hint="put DATA_DIR on a local disk, or set DATABASE_URL to a PostgreSQL database",
        )


def file_system_of(path: Path, mounts: Path) -> str | None:
    """The kind of file system that ``path`` lies on; None where it can't be known.

    Args:
        path: A file that may not exist yet.
        mounts: ``/proc/self/mountinfo``, or a file like it (proc_pid_mountinfo(5)).
    """
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return None
    place, best, kind = path.resolve(), Path(), None
    for line in lines:
        before, _, after = line.partition(" - ")
        mount_point = Path(before.split(" ")[4].replace("\\040", " "))
        # A later mount hides an earlier one at the same place.
        if place.is_relative_to(mount_point) and len(mount_point.parts) >= len(best.parts):
            best, kind = mount_point, after.partition(" ")[0]
    return kind
