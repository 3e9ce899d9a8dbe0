"""The archive's manifests as tests look at them."""

from pathlib import Path

from pipeline_lib.archive.manifest import Manifest
from pipeline_lib.archive.manifest_chain import walk_back


def read_chain(folder: Path) -> list[Manifest]:
    """All manifests, oldest first."""
    return [manifest for _, manifest in walk_back(folder)][::-1]
