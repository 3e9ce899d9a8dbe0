"""``python -m pipeline_lib.cli`` is ``coin-pipelines``."""

from pipeline_lib.cli.main import main

main()
