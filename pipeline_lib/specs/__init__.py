"""Specs: YAML files → checked, complete, frozen data."""

from pipeline_lib.specs.catalog import Catalog, Loaded, Sources
from pipeline_lib.specs.model import (
    AlertPolicy,
    CoinLimits,
    Coins,
    DeviationRule,
    NamedCoins,
    OneCoin,
    PipelineSpec,
    QualityLimits,
    S3Layout,
    S3Target,
    SeriesSpec,
    Thresholds,
    TopCoins,
    Window,
    pipeline_name,
)
from pipeline_lib.specs.schedules.schedule import Schedule

__all__ = [
    "AlertPolicy",
    "Catalog",
    "CoinLimits",
    "Coins",
    "DeviationRule",
    "Loaded",
    "NamedCoins",
    "OneCoin",
    "PipelineSpec",
    "QualityLimits",
    "S3Layout",
    "S3Target",
    "Schedule",
    "SeriesSpec",
    "Sources",
    "Thresholds",
    "TopCoins",
    "Window",
    "pipeline_name",
]
