"""One thing wrong with a spec."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Severity(Enum):
    """What a diagnostic means for pipelines."""

    ERROR = "error"
    """The pipeline gets no DAG."""
    WARNING = "warning"
    """All pipelines go on; people should know."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing wrong at one key of a spec.

    A check knows the key alone; the reader of the file adds where it stands, with ``dataclasses.replace``.

    Attributes:
        path: Keys and list indexes from the root to the value; empty for the whole file.
        message: What is wrong.
        hint: What to write instead, or an empty string.
        file: The spec file, or None while it isn't known.
        line: Line in the file, from 1.
        column: Column in the line, from 1.
        severity: Whether it takes a DAG away.
        source_line: The line of the file, as people may see it; empty where nothing in it is wrong.
    """

    path: tuple[str | int, ...]
    message: str
    hint: str = ""
    file: Path | None = None
    line: int = 1
    column: int = 1
    severity: Severity = Severity.ERROR
    source_line: str = ""

    @property
    def key(self) -> str:
        """The path as people write it: ``thresholds.1h``."""
        return ".".join(map(str, self.path))

    @property
    def text(self) -> str:
        """``message (hint)``."""
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.file else ""
        warning = "warning: " if self.severity is Severity.WARNING else ""
        subject = f"{self.key}: " if self.path else ""
        return f"{place}{warning}{subject}{self.text}"
