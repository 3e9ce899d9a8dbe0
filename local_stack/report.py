"""The table that the demo ends with."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Sized:
    """Something written: a file or an object."""

    name: str
    size: int


def last_row(table: Path) -> dict[str, str]:
    """The last row of a CSV file by column."""
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))[-1]


def files_below(folder: Path) -> list[Sized]:
    """Every file that a pipeline wrote, lock files left out."""
    return [
        Sized(str(path.relative_to(folder)), path.stat().st_size)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    ]


def objects_in(s3: "S3Client", bucket: str) -> list[Sized]:
    """Every object of a bucket."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [
        Sized(f"s3://{bucket}/{entry['Key']}", entry["Size"])
        for page in pages
        for entry in page.get("Contents", [])
    ]


def price_lines(row: dict[str, str]) -> Iterator[str]:
    """Price, moves and rolling statistics of one processed row."""
    yield _line("time", row["timestamp"])
    yield _line("price", f"{float(row['price']):,.2f} USD")
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


def message_lines(message: Mapping[str, Any]) -> Iterator[str]:
    """A Slack message as it was delivered, block by block."""
    title = "Slack"
    for block in message["blocks"]:
        for part in block.get("elements", [block.get("text")]):
            for line in part["text"].splitlines():
                yield _line(title, line)
                title = ""


def size_lines(title: str, written: Iterable[Sized], is_listed: Callable[[str], bool]) -> Iterator[str]:
    """What was written, each with its size; what isn't listed is summed up in one line."""
    others = []
    for entry in written:
        if is_listed(entry.name):
            yield _line(title, f"{entry.size:>9,} B  {entry.name}")
            title = ""
        else:
            others.append(entry)
    yield _line(title, f"{sum(entry.size for entry in others):>9,} B  in {len(others)} of the hours before")


def _line(title: str, text: str) -> str:
    return f"  {title:<12}{text}"


def _percent(text: str) -> str:
    return f"{float(text):+.2f} %" if text else "unknown"


def _number(text: str) -> str:
    return f"{float(text):,.2f}" if text else "none yet"
