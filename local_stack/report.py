"""The tables that the demo ends with, one a pipeline."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_stack.simulated_world import BUCKET, SimulatedWorld
from pipeline_lib.common.timestamps import format_key, format_moment
from pipeline_lib.specs import PipelineSpec

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


_DATABASE = "coin_pipelines.db"
_LARGEST_MOVES = 5


@dataclass(frozen=True, slots=True)
class RunNotRecordedError(Exception):
    """A run left no row in its pipeline's processed table.

    Attributes:
        pipeline: The pipeline.
        moment: The run's, UTC.
    """

    pipeline: str
    moment: datetime

    def __str__(self) -> str:
        return f"the processed table of {self.pipeline} has no row of {format_moment(self.moment)}"


@dataclass(frozen=True, slots=True)
class _Sized:
    """Something written: a file or an object."""

    name: str
    size: int


def pipeline_lines(spec: PipelineSpec, moment: datetime, data: Path, world: SimulatedWorld) -> Iterator[str]:
    """What a run of a pipeline led to.

    Args:
        spec: The pipeline.
        moment: The run's, UTC.
        data: Where pipelines write.
        world: What stands in for CoinGecko, Slack and S3.

    Raises:
        RunNotRecordedError: The run left no row in the processed table.
    """
    rows = _rows_of(spec.name, moment, data)
    if not rows:
        raise RunNotRecordedError(spec.name, moment)
    key, day = format_key(moment), f"date={moment:%Y-%m-%d}/"

    def is_of_run(name: str) -> bool:
        is_table = name.endswith(".csv") and "=" not in name and "archive/" not in name
        return key in name or (day in name and "hour=" not in name) or is_table or name == _DATABASE

    yield f"{spec.dag_id}, simulated market"
    yield _line("time", format_moment(moment))
    yield from _price_lines(rows[0]) if len(rows) == 1 else _move_lines(rows)
    yield from _message_lines(_newest_message(world, spec.name))
    yield from _size_lines("files", _files_of(spec.name, data), is_of_run)
    if spec.s3:
        yield from _size_lines("S3", _objects_below(world.s3, BUCKET, spec.s3.prefix), is_of_run)


def _rows_of(pipeline: str, moment: datetime, data: Path) -> list[dict[str, str]]:
    """The rows of a moment: a single coin has one table, several coins have one a month."""
    table = data / f"{pipeline}_processed.csv"
    if not table.is_file():
        table = table.with_suffix("") / f"{moment:%Y-%m}.csv"
    with table.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["timestamp"] == format_moment(moment)]


def _newest_message(world: SimulatedWorld, pipeline: str) -> Mapping[str, Any] | None:
    """The last message that names a pipeline."""
    bodies = (message.body for message in reversed(world.simulator.slack_messages))
    return next((body for body in bodies if f"pipeline {pipeline} " in json.dumps(body)), None)


def _files_of(pipeline: str, folder: Path) -> list[_Sized]:
    """Every file that a pipeline wrote, lock files left out."""
    return [
        _Sized(name, path.stat().st_size)
        for path in sorted(folder.rglob("*"))
        for name in (str(path.relative_to(folder)),)
        if path.is_file() and not path.name.startswith(".")
        if f"/{pipeline}" in f"/{name}" or name == _DATABASE
    ]


def _objects_below(s3: "S3Client", bucket: str, prefix: str) -> list[_Sized]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    return [
        _Sized(f"s3://{bucket}/{entry['Key']}", entry["Size"])
        for page in pages
        for entry in page.get("Contents", [])
    ]


def _price_lines(row: dict[str, str]) -> Iterator[str]:
    """Price, moves and rolling statistics of one processed row."""
    yield _line("price", f"{_price(row['price'])} USD")
    yield _line(
        "moves", f"1h {_percent(row['change_1h_percent'])}, 24h {_percent(row['change_24h_percent'])}"
    )
    for column, mean in row.items():
        label = column.removeprefix("mean_")
        if label != column:
            yield _line(
                f"last {label}",
                f"mean {float(mean):,.2f}, deviation {_number(row[f'std_{label}'])}, "
                f"{row[f'count_{label}']} prices, z-score {_number(row[f'z_score_{label}'])}",
            )


def _move_lines(rows: Sequence[dict[str, str]]) -> Iterator[str]:
    """How many coins rose and fell, and the largest moves."""
    moves = {row["coin"]: float(row["change_1h_percent"] or 0) for row in rows}
    falling = sum(move < 0 for move in moves.values())
    rising = sum(move > 0 for move in moves.values())
    yield _line("coins", f"{len(rows)}: {falling} fell and {rising} rose in 1h")
    title = "moves"
    for row in sorted(rows, key=lambda row: -abs(moves[row["coin"]]))[:_LARGEST_MOVES]:
        yield _line(
            title,
            f"{row['coin']} {_price(row['price'])} USD, 1h {_percent(row['change_1h_percent'])}, "
            f"24h {_percent(row['change_24h_percent'])}",
        )
        title = ""


def _message_lines(message: Mapping[str, Any] | None) -> Iterator[str]:
    """A Slack message as it was delivered, block by block."""
    title = "Slack"
    if message is None:
        yield _line(title, "no message")
        return
    for block in message["blocks"]:
        for part in block.get("elements", [block.get("text")]):
            for line in part["text"].splitlines():
                yield _line(title, line)
                title = ""


def _size_lines(title: str, written: Iterable[_Sized], is_listed: Callable[[str], bool]) -> Iterator[str]:
    """What was written, each with its size; what isn't listed is summed up in one line."""
    others = []
    for entry in written:
        if is_listed(entry.name):
            yield _line(title, f"{entry.size:>11,} B  {entry.name}")
            title = ""
        else:
            others.append(entry)
    yield _line(title, f"{sum(entry.size for entry in others):>11,} B  in {len(others)} of the hours before")


def _line(title: str, text: str) -> str:
    return f"  {title:<12}{text}"


def _price(text: str) -> str:
    price = float(text)
    return f"{price:,.2f}" if price >= 1 else f"{price:.4g}"


def _percent(text: str) -> str:
    return f"{float(text):+.2f} %" if text else "unknown"


def _number(text: str) -> str:
    return f"{float(text):,.2f}" if text else "none yet"
