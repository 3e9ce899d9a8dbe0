# noqa: INP001 (a script of the image's build, not a package)
"""Print entries of a lock file, hashes and all, for the image's build.

    python select_requirements.py LOCK NAME...      the entries of these packages
    python select_requirements.py LOCK --missing    the entries of packages that are not installed here

What the Airflow image brings was tested together, so a package that it has keeps its version; only what it
lacks is taken from the lock. ``pip check`` says afterwards whether the whole fits.
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
    """Write the entries to the standard output."""
    entries = {entry["name"]: entry[0] for entry in _ENTRY.finditer(Path(lock).read_text(encoding="utf-8"))}
    wanted = [name for name in entries if not _is_installed(name)] if names == ("--missing",) else names
    for name in wanted:
        if name not in entries:
            sys.exit(f"{lock} has no entry for {name}")
        sys.stderr.write(f"from {lock}: {name}\n")
        sys.stdout.write(f"{entries[name]}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
