"""Specs: YAML files → checked, complete, frozen data."""

from pipeline_lib.spec.catalog import Catalog, Loaded, Sources, load_path
from pipeline_lib.spec.model import PipelineSpec, S3Target, Thresholds, Window, pipeline_name

__all__ = [
    "Catalog",
    "Loaded",
    "PipelineSpec",
    "S3Target",
    "Sources",
    "Thresholds",
    "Window",
    "load_path",
    "pipeline_name",
]
