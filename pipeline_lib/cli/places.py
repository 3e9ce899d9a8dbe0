"""Files as messages show them."""

import os.path
from pathlib import Path


def shown(file: Path, working_folder: Path) -> Path:
    """``file`` from ``working_folder`` when it lies below it, else its whole path."""
    absolute = Path(os.path.normpath(working_folder / file))
    return absolute.relative_to(working_folder) if absolute.is_relative_to(working_folder) else absolute


def printable(text: str) -> str:
    """``text`` on one line, without what would command a terminal."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
