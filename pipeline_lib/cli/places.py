"""Files as messages show them."""

import os.path
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pipeline_lib.model.diagnostic import Diagnostic


def shown(file: Path, working_folder: Path) -> Path:
    """``file`` from ``working_folder`` when it lies below it, else its whole path."""
    absolute = Path(os.path.normpath(working_folder / file))
    return absolute.relative_to(working_folder) if absolute.is_relative_to(working_folder) else absolute


def with_shown_files(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics, their files as messages show them in the current folder."""
    here = Path.cwd()
    return tuple(
        replace(diagnostic, file=shown(diagnostic.file, here)) if diagnostic.file else diagnostic
        for diagnostic in diagnostics
    )


def printable(text: str) -> str:
    """``text`` on one line, without what would command a terminal."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
