"""Specs: YAML files → checked, complete, frozen data."""

from pipeline_lib.specs.catalog import Catalog, Loaded, Sources
from pipeline_lib.specs.model import (
    AlertPolicy,
    DeviationRule,
    PipelineSpec,
    QualityLimits,
    S3Layout,
    S3Target,
    Thresholds,
    Window,
    pipeline_name,
)
from pipeline_lib.specs.schedules.schedule import Schedule

__all__ = [
    "AlertPolicy",
    "Catalog",
    "DeviationRule",
    "Loaded",
    "PipelineSpec",
    "QualityLimits",
    "S3Layout",
    "S3Target",
    "Schedule",
    "Sources",
    "Thresholds",
    "Window",
    "pipeline_name",
]
