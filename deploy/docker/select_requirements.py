"""Print entries of a lock file with their hashes, for the build of the image.

    python select_requirements.py LOCK NAME...      the entries of these packages
    python select_requirements.py LOCK --missing    the entries of packages that are not installed here

The packages of the Airflow image were tested together, so they keep their versions; only missing packages
come from the lock. ``pip check`` verifies afterwards that all versions are compatible.
"""

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

_ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==.*(?:\n[ \t].*)*", re.MULTILINE)


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def main(lock: str, *names: str) -> None:
    """Write the entries to standard output."""
    entries = {entry["name"]: entry[0] for entry in _ENTRY.finditer(Path(lock).read_text(encoding="utf-8"))}
    wanted = [name for name in entries if not _is_installed(name)] if names == ("--missing",) else names
    for name in wanted:
        if name not in entries:
            sys.exit(f"{lock} has no entry for {name}")
        sys.stderr.write(f"from {lock}: {name}\n")
        sys.stdout.write(f"{entries[name]}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
