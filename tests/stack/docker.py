"""The ``docker`` command."""

import shutil
import subprocess
from pathlib import Path

_LONGEST_COMMAND_SECONDS = 1200


def run_docker(
    *arguments: str, folder: Path, standard_input: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run it in a folder, whatever comes of it."""
    program = shutil.which("docker")
    assert program is not None, "there is no docker command"
    return subprocess.run(
        [program, *arguments],
        cwd=folder,
        input=standard_input,
        capture_output=True,
        timeout=_LONGEST_COMMAND_SECONDS,
        check=False,
    )
