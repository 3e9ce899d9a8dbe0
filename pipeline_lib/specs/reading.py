"""A spec file and the defaults → ``PipelineSpec``, or every problem with its place."""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline_lib.errors import InvalidSpecsError, SpecProblem
from pipeline_lib.specs.checks.findings import Finding, find_schema_breaks, show_value
from pipeline_lib.specs.checks.schema import with_defaults
from pipeline_lib.specs.checks.semantics import find_semantic_breaks
from pipeline_lib.specs.durations import parse_duration
from pipeline_lib.specs.merging import merge
from pipeline_lib.specs.model import (
    AlertPolicy,
    DeviationRule,
    PipelineSpec,
    QualityLimits,
    S3Layout,
    S3Target,
    Thresholds,
    Window,
)
from pipeline_lib.specs.yaml.text import YamlMistakeError, find_positions, has_path, parse_yaml

_FILE_STEM = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_PLAIN_KEY = re.compile(r"[!-~]{1,60}")
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
    except YamlMistakeError as mistake:
        raise _refuse(path, mistake.message, line=mistake.line, column=mistake.column) from mistake


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


def read_spec(path: Path, defaults: Document | None) -> PipelineSpec:
    """Read, complete and check one spec file.

    Raises:
        InvalidSpecsError: With everything that is wrong in the file, or through it in the defaults.
    """
    check_file_name(path)
    return complete_spec(read_document(path), defaults)


def can_name_pipeline(name: str) -> bool:
    """Whether a pipeline, and so the stem of its file, may have this name."""
    return _FILE_STEM.fullmatch(name) is not None


def check_file_name(path: Path) -> None:
    """Refuse a file whose name can't be a pipeline's.

    Raises:
        InvalidSpecsError: The name has other characters than names of pipelines may have.
    """
    if not can_name_pipeline(path.stem):
        raise _refuse(
            path,
            f"the file name {path.name!r} can't name a pipeline",
            hint="use lower-case letters, digits, - and _, for example bitcoin.yaml",
        )


def complete_spec(document: Document, defaults: Document | None) -> PipelineSpec:
    """Complete and check a spec that is read already.

    Raises:
        InvalidSpecsError: With everything that is wrong in the document, or through it in the defaults.
    """
    merged = merge(defaults.data if defaults else {}, document.data)
    findings = list(find_schema_breaks(merged))
    if not findings:
        complete = with_defaults(merged)
        findings = list(find_semantic_breaks(complete))
    if findings:
        raise InvalidSpecsError(place_findings(findings, document, defaults))
    return _build(document.path.stem, complete)


def place_findings(
    findings: Sequence[Finding], document: Document, defaults: Document | None
) -> tuple[SpecProblem, ...]:
    """The findings with their places in the spec, or in the defaults for what only they say."""
    inherited = {
        finding
        for finding in findings
        if defaults and not has_path(document.data, finding.path) and has_path(defaults.data, finding.path)
    }
    problems = _problems_in(document, [finding for finding in findings if finding not in inherited])
    if defaults and inherited:
        problems += _problems_in(defaults, [finding for finding in findings if finding in inherited])
    return tuple(sorted(problems, key=lambda problem: (str(problem.file), problem.line, problem.column)))


def _problems_in(source: Document, findings: Sequence[Finding]) -> list[SpecProblem]:
    positions = find_positions(source.text, [finding.path for finding in findings])
    return [
        SpecProblem(
            source.path,
            position.line,
            position.column,
            ".".join(_show_step(step) for step in finding.path),
            finding.message,
            finding.hint,
        )
        for finding, position in zip(findings, positions, strict=True)
    ]


def _show_step(step: str | int) -> str:
    # A key is free to hold line breaks and whole books.
    return show_value(step) if isinstance(step, str) and not _PLAIN_KEY.fullmatch(step) else str(step)


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
        alerts=_build_alerts(complete),
        quality=_build_quality(complete["quality"]),
        s3=_build_s3(complete["s3"]) if "s3" in complete else None,
        effective=complete,
    )


def _build_alerts(complete: Mapping[str, Any]) -> AlertPolicy:
    section = complete["alerts"]
    return AlertPolicy(
        connection=section.get("connection"),
        webhook_variable=section.get("webhook_variable"),
        on_backfill=section["on_backfill"],
        cooldown=parse_duration(section["cooldown"]) if "cooldown" in section else None,
        clear_level=Decimal(str(section["clear_level"])),
        z_score=_build_deviation_rule(section.get("z_score"), complete["windows"]),
        robust_z_score=_build_deviation_rule(section.get("robust_z_score"), complete["windows"]),
    )


def _build_deviation_rule(
    section: Mapping[str, Any] | None, windows: Sequence[str | float]
) -> DeviationRule | None:
    if section is None:
        return None
    return DeviationRule(
        window=_build_window(section.get("window", windows[-1])),
        limit=Decimal(str(section["limit"])),
        minimum_percent=Decimal(str(section["minimum_percent"])),
    )


def _build_quality(section: Mapping[str, Any]) -> QualityLimits:
    return QualityLimits(
        max_age=parse_duration(section["max_age"]),
        max_jump_percent=Decimal(str(section["max_jump"])),
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
        layout=S3Layout(section["layout"]),
        encryption=section.get("encryption"),
        kms_key_id=section.get("kms_key_id"),
        storage_class=section.get("storage_class"),
    )
