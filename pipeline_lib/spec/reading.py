"""A spec file and the defaults → ``PipelineSpec``, or every problem with its place."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline_lib.errors import InvalidSpecsError, SpecProblem
from pipeline_lib.spec.durations import parse_duration
from pipeline_lib.spec.findings import Finding, find_schema_breaks
from pipeline_lib.spec.merging import merge
from pipeline_lib.spec.model import PipelineSpec, S3Target, Thresholds, Window
from pipeline_lib.spec.schema import with_defaults
from pipeline_lib.spec.semantics import find_semantic_breaks
from pipeline_lib.spec.yaml_text import YamlMistakeError, find_position, has_path, parse_yaml

_FILE_STEM = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


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
    try:
        text = path.read_bytes().decode("utf-8-sig")
        data = parse_yaml(text)
    except OSError as error:
        raise _refuse(path, f"can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _refuse(path, "is not UTF-8 text", line=line) from error
    except YamlMistakeError as mistake:
        raise _refuse(path, mistake.message, line=mistake.line, column=mistake.column) from mistake
    if not isinstance(data, dict):
        raise _refuse(path, "must hold a mapping of keys to values")
    return Document(path, text, data)


def read_spec(path: Path, defaults: Document | None) -> PipelineSpec:
    """Read, complete and check one spec file.

    Raises:
        InvalidSpecsError: With everything that is wrong in the file, or through it in the defaults.
    """
    if not _FILE_STEM.fullmatch(path.stem):
        raise _refuse(
            path,
            f"the file name {path.name!r} can't name a pipeline",
            hint="use lower-case letters, digits, - and _, for example bitcoin.yaml",
        )
    document = read_document(path)
    merged = merge(defaults.data if defaults else {}, document.data)
    findings = list(find_schema_breaks(merged))
    if not findings:
        complete = with_defaults(merged)
        findings = list(find_semantic_breaks(complete))
    if findings:
        raise InvalidSpecsError(place_findings(findings, document, defaults))
    return _build(path.stem, complete)


def place_findings(
    findings: Iterable[Finding], document: Document, defaults: Document | None
) -> tuple[SpecProblem, ...]:
    """The findings with their places in the spec, or in the defaults for what only they say."""
    problems = []
    for finding in findings:
        source = document
        if defaults and not has_path(document.data, finding.path) and has_path(defaults.data, finding.path):
            source = defaults
        position = find_position(source.text, finding.path)
        dotted = ".".join(str(step) for step in finding.path)
        problems.append(
            SpecProblem(source.path, position.line, position.column, dotted, finding.message, finding.hint)
        )
    return tuple(sorted(problems, key=lambda problem: (str(problem.file), problem.line, problem.column)))


def _refuse(path: Path, message: str, *, line: int = 1, column: int = 1, hint: str = "") -> InvalidSpecsError:
    return InvalidSpecsError((SpecProblem(path, line, column, "", message, hint),))


def _build(name: str, complete: Mapping[str, Any]) -> PipelineSpec:
    thresholds = complete["thresholds"]
    return PipelineSpec(
        name=name,
        coin=complete["coin"],
        vs_currency=complete["vs_currency"],
        description=complete.get("description", f"{complete['coin']} in {complete['vs_currency']}"),
        schedule=complete["schedule"],
        start_date=datetime.fromisoformat(complete["start_date"]).replace(tzinfo=UTC),
        catchup=complete["catchup"],
        owner=complete["owner"],
        tags=tuple(complete["tags"]),
        retries=int(complete["retries"]),  # JSON Schema takes 3.0 for a whole number
        retry_delay=parse_duration(complete["retry_delay"]),
        timeout=parse_duration(complete["timeout"]),
        windows=tuple(_build_window(window) for window in complete["windows"]),
        thresholds=Thresholds(
            move_1h_percent=Decimal(str(thresholds["1h"])),
            move_24h_percent=Decimal(str(thresholds["24h"])),
        ),
        max_age=parse_duration(complete["quality"]["max_age"]),
        slack_connection=complete["alerts"].get("connection"),
        slack_webhook_variable=complete["alerts"].get("webhook_variable"),
        alert_on_backfill=complete["alerts"]["on_backfill"],
        s3=_build_s3(complete["s3"]) if "s3" in complete else None,
        effective=complete,
    )


def _build_window(written: str | float) -> Window:
    if isinstance(written, str):
        return Window(written, parse_duration(written))
    count = int(written)  # as for retries
    return Window(f"{count}_rows", count)


def _build_s3(section: Mapping[str, Any]) -> S3Target:
    return S3Target(
        bucket=section.get("bucket"),
        prefix=section["prefix"],
        endpoint_url=section.get("endpoint_url"),
        connection=section.get("connection"),
    )
