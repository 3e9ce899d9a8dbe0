"""The quarantine: answers that were refused, each with the reason, letter for letter, for people to look at.

Nothing deletes these files: whoever has looked may.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline_lib.common.timestamps import format_key, format_moment
from pipeline_lib.store.files.durable_files import write_once

_FORMAT = 1
_HASH_LETTERS = 12


@dataclass(frozen=True, slots=True)
class RefusedAnswer:
    """An answer that became no observation.

    Attributes:
        pipeline: The pipeline's name.
        moment: The moment of its run (UTC).
        kind: What is wrong, as part of a file's name: ``invalid-quote``.
        reason: What is wrong, for people.
        url: The request's address, without a key; None where it isn't known.
        requested_at: When it was asked for, by the real clock (UTC); None where it isn't known.
        status: The answer's HTTP status.
        answer: What came; None where it isn't known.
    """

    pipeline: str
    moment: datetime
    kind: str
    reason: str
    url: str | None
    requested_at: datetime | None
    status: int
    answer: bytes | None


def keep(folder: Path, refused: RefusedAnswer) -> Path:
    """Keep a refused answer as ``<moment>-<kind>-<hash>.json``; the same answer again changes nothing.

    Returns:
        The file.

    Raises:
        OSError: The disk is full or read-only.
    """
    content = refused.answer or refused.reason.encode(errors="backslashreplace")
    path = folder / f"{format_key(refused.moment)}-{refused.kind}-{_name_of(content)}.json"
    if not path.exists():
        write_once(path, _encode(refused))
    return path


def find(folder: Path, moment: datetime, answer: bytes) -> Path | None:
    """The file of this very answer, refused before as the observation of ``moment``: it won't get better."""
    return next(folder.glob(f"{format_key(moment)}-*-{_name_of(answer)}.json"), None)


def _name_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_HASH_LETTERS]


def _encode(refused: RefusedAnswer) -> bytes:
    document = {
        "format": _FORMAT,
        "pipeline": refused.pipeline,
        "moment": format_moment(refused.moment),
        "kind": refused.kind,
        "reason": refused.reason,
        "url": refused.url,
        "requested_at": format_moment(refused.requested_at) if refused.requested_at else None,
        "status": refused.status,
        "sha256": None if refused.answer is None else hashlib.sha256(refused.answer).hexdigest(),
        **_answer_fields(refused.answer),
    }
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


def _answer_fields(answer: bytes | None) -> dict[str, str | None]:
    if answer is None:
        return {"answer": None}
    try:
        return {"answer": answer.decode()}
    except UnicodeDecodeError:
        return {"answer_base64": base64.b64encode(answer).decode()}
