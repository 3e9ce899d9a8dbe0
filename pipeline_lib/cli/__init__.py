"""The command line: ``coin-pipelines``."""

from pipeline_lib.cli.main import main

__all__ = ["main"]
