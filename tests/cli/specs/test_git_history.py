from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_lib.cli.specs.git_history import read_version
from pipeline_lib.errors import HistoryError

Git = Callable[..., str]


def test_the_files_of_a_folder_are_read_as_they_were(repository: Path, git: Git) -> None:
    spec = repository / "dag_configs" / "bitcoin.yaml"
    before = spec.read_bytes()
    spec.write_bytes(b"later\n")
    git("commit", "-qam", "later")
    spec.write_bytes(b"not committed\n")
    version = read_version(repository / "dag_configs", "HEAD~1")
    assert version.folder == Path("dag_configs")
    assert version.files == {"bitcoin.yaml": before}
    assert read_version(repository / "dag_configs", "HEAD").files == {"bitcoin.yaml": b"later\n"}


@pytest.mark.parametrize("name", ["with space.yaml", "é.yaml", 'quo"te.yaml', "line\nbreak.yaml", "-n.yaml"])
@pytest.mark.parametrize("content", [b"", b"\n\n", b"a: 1\r\n", b"\x00\xff", b"no end"])
def test_any_name_and_any_bytes_come_back(repository: Path, git: Git, name: str, content: bytes) -> None:
    (repository / "dag_configs" / name).write_bytes(content)
    git("add", "-A")
    git("commit", "-qm", "one more")
    assert read_version(repository / "dag_configs", "HEAD").files[name] == content


def test_folders_below_belong_to_it_and_other_files_do_not(repository: Path, git: Git) -> None:
    below = repository / "dag_configs" / "below" / "it"
    below.mkdir(parents=True)
    (below / "x.yaml").write_bytes(b"x\n")
    (below / "prices.csv").touch()
    git("add", "-A")
    git("commit", "-qm", "below")
    files = read_version(repository / "dag_configs", "HEAD").files
    assert files == {**read_version(repository / "dag_configs", "HEAD~1").files, "below/it/x.yaml": b"x\n"}


def test_a_folder_that_was_not_there_yet_held_nothing(repository: Path) -> None:
    (repository / "later").mkdir()
    assert read_version(repository / "later", "HEAD").files == {}


def test_the_repositorys_root_may_be_the_folder(repository: Path) -> None:
    version = read_version(repository, "HEAD")
    assert (version.folder, list(version.files)) == (Path(), ["dag_configs/bitcoin.yaml"])


@pytest.mark.parametrize("name", ["main", "v1", "HEAD", "{commit}", "{commit:.8}"])
def test_a_commit_has_many_names(repository: Path, git: Git, name: str) -> None:
    git("tag", "-a", "v1", "-m", "first")
    reference = name.format(commit=git("rev-parse", "HEAD").strip())
    assert read_version(repository / "dag_configs", reference).files


@pytest.mark.parametrize("reference", ["", "-x", "--all", "--output=x"])
def test_an_option_is_no_commit(repository: Path, reference: str) -> None:
    with pytest.raises(HistoryError, match="can't name a commit"):
        read_version(repository / "dag_configs", reference)
    assert sorted(path.name for path in repository.iterdir()) == [".git", "dag_configs"]


@pytest.mark.parametrize(
    "reference", ["nope", "HEAD~9", "HEAD:dag_configs", "main..main", "a b", "HEAD^{tree}"]
)
def test_what_names_no_commit_is_told(repository: Path, reference: str) -> None:
    with pytest.raises(HistoryError, match="git knows no commit") as caught:
        read_version(repository / "dag_configs", reference)
    assert "git fetch" in caught.value.hint


def test_a_folder_outside_any_repository_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(HistoryError, match="lies in no git repository that can be read") as caught:
        read_version(tmp_path, "HEAD")
    assert "not a git repository" in caught.value.hint


def test_a_machine_without_git_is_told(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(HistoryError, match="the program git isn't installed"):
        read_version(repository / "dag_configs", "HEAD")


def test_a_damaged_repository_is_told(repository: Path, git: Git) -> None:
    tree = git("rev-parse", "HEAD^{tree}").strip()
    path = repository / ".git" / "objects" / tree[:2] / tree[2:]
    path.chmod(0o600)
    path.unlink()
    with pytest.raises(HistoryError, match="git failed"):
        read_version(repository / "dag_configs", "HEAD")


def test_what_git_tells_its_hooks_does_not_lead_astray(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert read_version(repository / "dag_configs", "HEAD").files


def test_a_link_to_the_folder_leads_to_it(repository: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(repository / "dag_configs")
    assert read_version(link, "HEAD").folder == Path("dag_configs")
