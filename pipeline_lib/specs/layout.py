"""Where everything of one pipeline lives on disk."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pipeline_lib.common.spans import Span
from pipeline_lib.common.timestamps import part_key
from pipeline_lib.settings import Settings


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one pipeline.

    Attributes:
        raw_log: ``data/bitcoin_raw.csv`` (``BITCOIN_RAW_PATH``); of several coins a folder of that name.
        processed_table: ``data/bitcoin_processed.csv`` (``BITCOIN_PROCESSED_PATH``); the same.
        archive: Folder of snapshots, ``data/archive/bitcoin`` (``BITCOIN_ARCHIVE_PATH``).
        manifests: Folder of the archive's manifests, ``data/manifests/bitcoin``: not below the archive, so
            that one moved to a disk of its own doesn't take its proof along.
    """

    raw_log: Path
    processed_table: Path
    archive: Path
    manifests: Path

    @classmethod
    def of(cls, name: str, settings: Settings) -> "Layout":
        """The files of the pipeline ``name``, where the environment has them."""
        usual, moved = cls.below(settings.data_dir, name), settings.paths
        return replace(
            usual,
            raw_log=moved.get(path_variable(name, "RAW"), usual.raw_log),
            processed_table=moved.get(path_variable(name, "PROCESSED"), usual.processed_table),
            archive=moved.get(path_variable(name, "ARCHIVE"), usual.archive),
        )

    @classmethod
    def below(cls, data: Path, name: str) -> "Layout":
        """The files of the pipeline ``name`` in a data folder, none of them moved."""
        return cls(
            raw_log=data / f"{name}_raw.csv",
            processed_table=data / f"{name}_processed.csv",
            archive=data / "archive" / name,
            manifests=data / "manifests" / name,
        )

    def raw_month(self, month: Span) -> Path:
        """The raw log of several coins in a UTC month: ``data/majors_raw/2018-02.csv``."""
        return _month_file(self.raw_log, month)

    def processed_month(self, month: Span) -> Path:
        """The processed table of several coins in a UTC month: ``data/majors_processed/2018-02.csv``."""
        return _month_file(self.processed_table, month)

    def snapshot_json(self, moment: datetime, part: int = 1) -> Path:
        """The observations of a part of ``moment`` with their sources, letter for letter."""
        return self.archive / f"{part_key(moment, part)}.json"

    def snapshot_csv(self, moment: datetime, part: int = 1) -> Path:
        """The observations of a part of ``moment`` as rows with a header."""
        return self.archive / f"{part_key(moment, part)}.csv"


def _month_file(whole: Path, month: Span) -> Path:
    return whole.with_suffix("") / f"{month.start:%Y-%m}.csv"


def path_variable(name: str, kind: str) -> str:
    """The variable that moves a pipeline's path: ``usd-coin``, ``RAW`` → ``USD_COIN_RAW_PATH``."""
    return f"{re.sub(r'[^A-Z0-9]', '_', name.upper())}_{kind}_PATH"


def quota_file(settings: Settings) -> Path:
    """Where calls of the market are counted: ``data/coingecko/calls.sqlite``."""
    return settings.data_dir / "coingecko" / "calls.sqlite"
