"""For programs: one object with all that is known. Keys are only ever added."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pipeline_lib.common.digits import to_digits
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.model.events import Event
from pipeline_lib.model.open_problem import OpenProblem
from pipeline_lib.steps.overview.status import PipelineStatus, Problem, S3Status, SeriesStatus, Status


def report(status: Status) -> str:
    """Times as UTC text, decimals as text with all their digits, null where nobody knows."""
    document = {
        "now": format_moment(status.now),
        "checked": status.checked,
        "needs_a_person": status.needs_a_person,
        "problems": [_problem(each) for each in status.problems],
        "pipelines": [_pipeline(each) for each in status.pipelines],
    }
    # Without indents: those take Python's own, slow encoder.
    return json.dumps(document, ensure_ascii=False) + "\n"


def _pipeline(pipeline: PipelineStatus) -> Mapping[str, Any]:
    return {
        "pipeline": pipeline.name,
        "spec": pipeline.spec.value,
        "schedule": pipeline.schedule.expression if pipeline.schedule else None,
        "timezone": pipeline.schedule.timezone if pipeline.schedule else None,
        "open_problems": [_open_problem(*each) for each in pipeline.open_problems.items()],
        "s3": pipeline.s3 and _s3(pipeline.s3),
        "problems": [_problem(each) for each in pipeline.problems],
        "series": [_series(each) for each in pipeline.series],
    }


def _series(series: SeriesStatus) -> Mapping[str, Any]:
    return {
        "coin": series.coin,
        "vs_currency": series.vs_currency,
        "in_spec": series.is_in_spec,
        "moment": _moment(series.moment),
        "age_seconds": None if series.age is None else int(series.age.total_seconds()),
        "price": _digits(series.price),
        "change_1h_percent": _digits(series.change_1h_percent),
        "change_24h_percent": _digits(series.change_24h_percent),
        "gaps": None if series.gaps is None else [format_moment(each) for each in series.gaps],
        "episodes": [_episode(each) for each in series.episodes],
        "undelivered": series.undelivered,
        "quarantined": series.quarantined,
        "problems": [_problem(each) for each in series.problems],
    }


def _episode(newest: Event) -> Mapping[str, Any]:
    return {
        "rule": newest.rule.name,
        "since": format_moment(newest.since),
        "moment": format_moment(newest.moment),
        "step": newest.step,
        "value": _digits(newest.value),
        "unit": newest.rule.unit,
    }


def _open_problem(subject: str, problem: OpenProblem) -> Mapping[str, Any]:
    return {
        "subject": subject,
        "kinds": list(problem.notified_at),
        "since": format_moment(problem.since),
        "last": format_moment(problem.last),
        "runs": problem.runs,
    }


def _s3(s3: S3Status) -> Mapping[str, Any]:
    return {
        "published_at": _moment(s3.published_at),
        "behind": s3.behind,
        "refused": s3.refused,
        "oldest": _moment(s3.oldest),
        "behind_a_day": s3.is_behind_a_day,
    }


def _problem(problem: Problem) -> Mapping[str, str]:
    return {"kind": problem.kind.value, "text": problem.text, "to_do": problem.to_do}


def _moment(moment: datetime | None) -> str | None:
    return format_moment(moment) if moment else None


def _digits(number: Decimal | None) -> str | None:
    return None if number is None else to_digits(number)
