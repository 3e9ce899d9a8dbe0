"""YAML files that hold a mapping: specs and their defaults."""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline_lib.errors import InvalidSpecsError
from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.specs.yaml.text import YamlSyntaxError, parse_yaml

_FILE_STEM = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
LARGEST_FILE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file that holds a mapping.

    Attributes:
        path: The file.
        text: Its text.
        data: What the text says.
    """

    path: Path
    text: str
    data: Mapping[str, Any]


def read_document(path: Path) -> Document:
    """Read a file that must hold one YAML mapping.

    Raises:
        InvalidSpecsError: The file can't be read, is no YAML, or holds something else.
    """
    return parse_document(path, _read_text(path))


def read_defaults(path: Path) -> Document:
    """Read the file of what specs share, which may say nothing at all.

    Raises:
        InvalidSpecsError: The file can't be read, is no YAML, or holds something else than a mapping.
    """
    text = _read_text(path)
    if _parse(path, text) is None:
        return Document(path, text, {})
    return parse_document(path, text)


def parse_document(path: Path, text: str) -> Document:
    """Read the text of a file, which need not exist yet.

    Raises:
        InvalidSpecsError: The text is no YAML, or holds something else than a mapping.
    """
    data = _parse(path, text)
    if not isinstance(data, dict):
        raise _refuse(path, "must hold a mapping of keys to values")
    return Document(path, text, data)


def _parse(path: Path, text: str) -> object:
    try:
        return parse_yaml(text)
    except YamlSyntaxError as error:
        source_line = read_line(text, error.line)
        problem = Diagnostic(
            (), error.message, error.hint, path, error.line, error.column, source_line=source_line
        )
        raise InvalidSpecsError((problem,)) from error


def read_line(text: str, line: int) -> str:
    """A line of a text, counted from 1; empty where the text has ended."""
    lines = text.splitlines()
    return lines[line - 1] if line <= len(lines) else ""


def _read_text(path: Path) -> str:
    try:
        return _read_bytes(path).decode("utf-8-sig")
    except OSError as error:
        raise _refuse(path, f"can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _refuse(path, "is not UTF-8 text", line=line) from error


def _read_bytes(path: Path) -> bytes:
    # An ordinary open of a pipe waits for a writer that may never come.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise _refuse(path, "is no ordinary file")
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise _refuse(path, f"is larger than {LARGEST_FILE // 1024} KiB")
    return content


def can_name_pipeline(name: str) -> bool:
    """Whether a pipeline, and so the stem of its file, may have this name."""
    return _FILE_STEM.fullmatch(name) is not None


def check_file_name(path: Path) -> tuple[Diagnostic, ...]:
    """What is wrong with the name of a file, which has to be a pipeline's."""
    if can_name_pipeline(path.stem):
        return ()
    message = f"the file name {path.name!r} can't name a pipeline"
    hint = "use lower-case letters, digits, - and _, for example bitcoin.yaml"
    return (Diagnostic((), message, hint, path),)


def _refuse(path: Path, message: str, *, line: int = 1, column: int = 1, hint: str = "") -> InvalidSpecsError:
    return InvalidSpecsError((Diagnostic((), message, hint, path, line, column),))
