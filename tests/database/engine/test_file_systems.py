from pathlib import Path

import pytest

from pipeline_lib.database.engine import file_systems
from pipeline_lib.errors import DatabaseUnsafeError

MOUNTS = """\
22 1 254:1 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /mnt/share rw,relatime shared:1 - nfs4 server:/export rw,vers=4.2
31 22 0:41 / /mnt/s3\\040bucket rw - fuse.s3fs s3fs rw
32 30 0:42 / /mnt/share/local rw - xfs /dev/vdb rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/data/x.db", "ext4"),
        ("/mnt/share/x.db", "nfs4"),
        ("/mnt/share/deep/er/x.db", "nfs4"),
        ("/mnt/s3 bucket/x.db", "fuse.s3fs"),
        ("/mnt/share/local/x.db", "xfs"),
        ("/mnt/sharelike/x.db", "ext4"),
    ],
)
def test_the_deepest_mount_tells_the_file_system(tmp_path: Path, path: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert file_systems.file_system_of(Path(path), mounts) == kind


@pytest.mark.parametrize("folder", ["/mnt/share", "/mnt/s3 bucket"])
def test_sqlite_is_refused_on_a_network_and_in_user_space(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    monkeypatch.setattr(file_systems, "_MOUNTS", mounts)
    with pytest.raises(DatabaseUnsafeError, match=r"isn't safe .*put DATA_DIR on a local disk"):
        file_systems.require_local_disk(Path(folder) / "coin_pipelines.db")
    file_systems.require_local_disk(Path("/data/coin_pipelines.db"))


def test_a_system_that_tells_no_mounts_is_trusted(tmp_path: Path) -> None:
    assert file_systems.file_system_of(Path("/data"), tmp_path / "none") is None
