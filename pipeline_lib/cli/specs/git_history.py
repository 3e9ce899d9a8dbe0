"""Files of a folder as git has them at an earlier version, through the ``git`` program."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline_lib.errors import HistoryError

# git sets these for its hooks, from the repository's root; the folder asked for decides here.
_OF_A_HOOK = frozenset({"GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_WORK_TREE"})


@dataclass(frozen=True, slots=True)
class Version:
    """A folder at one commit.

    Attributes:
        folder: The folder, from the repository's root.
        files: The content of the YAML files in it and below it, by their paths from it.
    """

    folder: Path
    files: Mapping[str, bytes]


def read_version(folder: Path, reference: str) -> Version:
    """What ``folder`` held at a commit; no files when it wasn't there yet.

    Args:
        folder: A folder in the working tree.
        reference: A commit as git names it: a branch, a tag, ``HEAD~1``, a hash.

    Raises:
        HistoryError: There is no git, no repository, or no such commit.
    """
    if not reference or reference.startswith("-"):
        raise HistoryError(
            f"{reference!r} can't name a commit", hint="give a branch, a tag, HEAD~1 or a hash"
        )
    below = folder.resolve().relative_to(_root(folder))
    commit = _commit(folder, reference)
    entries = dict(_blobs(folder, commit, below))
    return Version(below, dict(zip(entries, _contents(folder, list(entries.values())), strict=True)))


def _root(folder: Path) -> Path:
    answer = _git(folder, "rev-parse", "--show-toplevel")
    if answer.returncode:
        raise HistoryError(f"{folder} lies in no git repository that can be read", hint=_last_line(answer))
    return Path(answer.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")).resolve()


def _commit(folder: Path, reference: str) -> str:
    answer = _git(folder, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
    if answer.returncode:
        raise HistoryError(
            f"git knows no commit {reference!r}", hint="a shallow clone has few of them; git fetch gets more"
        )
    return answer.stdout.decode("ascii").strip()


def _blobs(folder: Path, commit: str, below: Path) -> Iterator[tuple[str, str]]:
    paths = [f"{below.as_posix()}/"] if below.parts else []
    answer = _require(_git(folder, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths))
    for entry in answer.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        description, _, path = entry.partition("\t")
        _, kind, identifier = description.split()
        # The folder may be a repository's root, with much else below.
        if kind == "blob" and path.endswith((".yaml", ".yml")):
            yield Path(path).relative_to(below).as_posix(), identifier


def _contents(folder: Path, identifiers: list[str]) -> Iterator[bytes]:
    asked = "".join(f"{identifier}\n" for identifier in identifiers).encode("ascii")
    rest = _require(_git(folder, "cat-file", "--batch", asked=asked))
    for _ in identifiers:
        # Each answer is "<hash> blob <size>", a line break, that many bytes, a line break.
        header, _, rest = rest.partition(b"\n")
        size = int(header.split()[2])
        yield rest[:size]
        rest = rest[size + 1 :]


def _git(folder: Path, *arguments: str, asked: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 (no shell; the one free argument can't be an option)
            ["git", "-C", str(folder), *arguments],  # noqa: S607 (git lies where the system has it)
            input=asked,
            capture_output=True,
            check=False,
            env={name: value for name, value in os.environ.items() if name not in _OF_A_HOOK},
        )
    except FileNotFoundError as error:
        raise HistoryError("the program git isn't installed") from error


def _require(answer: subprocess.CompletedProcess[bytes]) -> bytes:
    if answer.returncode:
        raise HistoryError("git failed", hint=_last_line(answer))
    return answer.stdout


def _last_line(answer: subprocess.CompletedProcess[bytes]) -> str:
    lines = answer.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""
