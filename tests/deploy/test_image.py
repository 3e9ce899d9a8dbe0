import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_images_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f'org.opencontainers.image.version="{project["version"]}"' in DOCKERFILE
    assert f'org.opencontainers.image.description="{project["description"]}"' in DOCKERFILE


def test_the_last_user_is_not_root() -> None:
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)[-1] == "airflow"


def test_the_image_has_a_health_check() -> None:
    assert 'CMD ["/bin/bash", "/opt/coin-pipelines/health.sh"]' in DOCKERFILE


def test_every_script_that_the_image_takes_is_in_the_build_context() -> None:
    taken = re.findall(r"deploy/docker/[\w./]+", DOCKERFILE)
    assert taken
    assert all((ROOT / path).exists() for path in taken)
    assert "!deploy/docker" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
