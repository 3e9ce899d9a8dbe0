import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_lib.errors import InvalidSpecsError, SpecNotFoundError
from pipeline_lib.specs import Catalog, Loaded

FOLDERS = sorted(
    path for path in (Path(__file__).parents[1] / "data" / "spec_folders").iterdir() if path.is_dir()
)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_gives_its_valid_specs_and_each_problem_once(folder: Path) -> None:
    loaded = Catalog(folder).load_all()
    lines = [" ".join(["valid:", *(spec.name for spec in loaded.specs)])]
    lines += [str(problem).replace(f"{folder}/", "") for problem in loaded.diagnostics]
    assert lines == (folder / "expected").read_text(encoding="utf-8").splitlines()


def load_path(path: Path) -> Loaded:
    catalog = Catalog.around(path, path.parent / "project")
    return catalog.load_files(catalog.files_at(path))


def test_the_projects_own_specs_are_valid() -> None:
    loaded = Catalog(Path(__file__).parents[2] / "dag_configs").load_all()
    assert loaded.diagnostics == ()
    assert {"bitcoin", "ethereum"} <= {spec.name for spec in loaded.specs}


def test_a_missing_folder_is_one_problem(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    loaded = Catalog(folder).load_all()
    assert loaded.specs == ()
    assert [str(problem) for problem in loaded.diagnostics] == [
        f"{folder}:1:1: the folder of specs doesn't exist (set DAG_CONFIGS_DIR)"
    ]


def test_an_empty_folder_holds_nothing_and_no_problem(tmp_path: Path) -> None:
    loaded = Catalog(tmp_path).load_all()
    assert (loaded.specs, loaded.diagnostics) == ((), ())


def test_one_spec_is_loaded_without_reading_the_others(
    write: Callable[[str, str], Path], tmp_path: Path, minimal: str
) -> None:
    write("bitcoin.yaml", minimal)
    write("broken.yaml", "coin: [")
    write("_defaults.yaml", "owner: shared\n")
    spec = Catalog(tmp_path).load("bitcoin")
    assert (spec.name, spec.dag_id, spec.owner) == ("bitcoin", "bitcoin_data_pipeline", "shared")


def test_a_pipeline_without_a_file_is_told_with_those_that_exist(
    write: Callable[[str, str], Path], tmp_path: Path, minimal: str
) -> None:
    write("ethereum.yaml", minimal)
    write("bitcoin.yaml", minimal)
    write("_defaults.yaml", "owner: shared\n")
    with pytest.raises(SpecNotFoundError) as caught:
        Catalog(tmp_path).load("solana")
    path = tmp_path / "solana.yaml"
    assert (caught.value.name, caught.value.path) == ("solana", path)
    assert str(caught.value) == (
        f"no spec for pipeline 'solana': {path} doesn't exist (pipelines here: bitcoin, ethereum)"
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [("bitcion", "did you mean 'bitcoin'?"), ("solana", "coin-pipelines list names all 30")],
)
def test_of_many_pipelines_those_of_a_similar_name_are_told(
    write: Callable[[str, str], Path], tmp_path: Path, minimal: str, name: str, hint: str
) -> None:
    for other in ["bitcoin", *map(str, range(29))]:
        write(f"{other}.yaml", minimal)
    with pytest.raises(SpecNotFoundError) as caught:
        Catalog(tmp_path).load(name)
    assert caught.value.hint == hint


def test_a_pipeline_in_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecNotFoundError, match=r"\(pipelines here: none\)$"):
        Catalog(tmp_path).load("bitcoin")


@pytest.mark.parametrize("name", ["../bitcoin", "below/ethereum", "below/../bitcoin", "{folder}/bitcoin"])
def test_a_name_that_leaves_the_folder_finds_nothing(
    write: Callable[[str, str], Path], tmp_path: Path, minimal: str, name: str
) -> None:
    folder = tmp_path / "specs"
    (folder / "below").mkdir(parents=True)
    for place in (".", "specs", "specs/below"):
        write(f"{place}/bitcoin.yaml", minimal)
    with pytest.raises(SpecNotFoundError):
        Catalog(folder).load(name.format(folder=tmp_path))
    assert Catalog(folder).load("bitcoin").name == "bitcoin"


def test_a_pipeline_is_found_in_its_usual_place_without_a_look_at_other_files(
    write: Callable[[str, str], Path], tmp_path: Path, minimal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("bitcoin.yaml", minimal)

    def refuse(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a folder was listed")

    for name in ("walk", "scandir", "listdir"):
        monkeypatch.setattr(os, name, refuse)
    assert Catalog(tmp_path).load("bitcoin").name == "bitcoin"


def test_a_pipeline_in_a_folder_below_has_the_defaults_of_all(
    write: Callable[[str, str], Path], tmp_path: Path, minimal: str
) -> None:
    (tmp_path / "majors" / "btc").mkdir(parents=True)
    path = write("majors/btc/bitcoin.yaml", minimal)
    write("_defaults.yaml", "owner: shared\n")
    catalog = Catalog(tmp_path)
    assert catalog.names() == ("bitcoin",)
    assert (catalog.load("bitcoin").name, catalog.load("bitcoin").owner) == ("bitcoin", "shared")
    assert catalog.sources("bitcoin").document.path == path
    assert catalog.load_all().specs == (catalog.load("bitcoin"),)


def test_a_name_with_two_files_is_told_with_both(
    write: Callable[[str, str], Path], tmp_path: Path, minimal: str
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(f"{folder}/bitcoin.yaml", minimal)
    with pytest.raises(InvalidSpecsError) as caught:
        Catalog(tmp_path).load("bitcoin")
    assert [problem.file for problem in caught.value.diagnostics] == [
        tmp_path / "a" / "bitcoin.yaml",
        tmp_path / "b" / "bitcoin.yaml",
    ]


def test_a_path_in_the_project_has_its_defaults_and_another_those_of_the_nearest_folder(
    write: Callable[[str, str], Path], tmp_path: Path, minimal: str
) -> None:
    for folder in ("project/majors", "other/deep/deeper"):
        (tmp_path / folder).mkdir(parents=True)
    for folder in ("project", "other", "other/deep"):
        write(f"{folder}/_defaults.yaml", f"owner: {folder}\n")
    project = tmp_path / "project"
    for path, owner in (
        (write("project/majors/bitcoin.yaml", minimal), "project"),
        (write("project/ethereum.yaml", minimal), "project"),
        (write("other/solana.yaml", minimal), "other"),
        (write("other/deep/deeper/solana.yaml", minimal), "other/deep"),
    ):
        assert Catalog.around(path, project).sources_at(path).complete().owner == owner
        assert Catalog.around(path.parent, project) == Catalog.around(path, project)


def test_the_defaults_are_no_pipeline(
    write: Callable[[str, str], Path], tmp_path: Path, minimal: str
) -> None:
    write("_defaults.yaml", minimal)
    with pytest.raises(InvalidSpecsError, match="can't name a pipeline"):
        Catalog(tmp_path).load("_defaults")


def test_broken_defaults_break_a_single_pipeline_too(
    write: Callable[[str, str], Path], tmp_path: Path, minimal: str
) -> None:
    write("bitcoin.yaml", minimal)
    defaults = write("_defaults.yaml", "owner: [\n")
    with pytest.raises(InvalidSpecsError) as caught:
        Catalog(tmp_path).load("bitcoin")
    assert [problem.file for problem in caught.value.diagnostics] == [defaults]


def test_names_are_those_of_files_valid_or_not(write: Callable[[str, str], Path], tmp_path: Path) -> None:
    for name in ("b.yaml", "a-b.yaml", "a.yaml", "_defaults.yaml", "c.yml"):
        write(name, "not read: [")
    assert Catalog(tmp_path).names() == ("a", "a-b", "b")
    assert Catalog(tmp_path / "gone").names() == ()


def test_a_path_is_a_folder_or_a_file_with_its_folders_defaults(
    write: Callable[[str, str], Path], tmp_path: Path, minimal: str
) -> None:
    bitcoin = write("bitcoin.yaml", minimal)
    broken = write("broken.yaml", "coin: [")
    defaults = write("_defaults.yaml", "owner: shared\n")
    (spec,) = load_path(bitcoin).specs
    assert spec.owner == "shared"
    assert [problem.file for problem in load_path(broken).diagnostics] == [broken]
    for whole in (tmp_path, defaults):
        loaded = load_path(whole)
        assert (loaded.specs, [problem.file for problem in loaded.diagnostics]) == ((spec,), [broken])


def test_a_file_with_another_ending_is_a_problem(write: Callable[[str, str], Path], minimal: str) -> None:
    path = write("bitcoin.yml", minimal)
    loaded = load_path(path)
    assert loaded.specs == ()
    assert [str(problem) for problem in loaded.diagnostics] == [
        f"{path}:1:1: specs end in .yaml (rename it to bitcoin.yaml)"
    ]


def test_the_sources_of_a_pipeline_are_its_file_and_the_defaults(
    write: Callable[[str, str], Path], tmp_path: Path, minimal: str
) -> None:
    path = write("bitcoin.yaml", minimal)
    sources = Catalog(tmp_path).sources("bitcoin")
    assert (sources.document.path, sources.document.text, sources.defaults) == (path, minimal, None)
    defaults = write("_defaults.yaml", "owner: shared\n")
    sources = Catalog(tmp_path).sources("bitcoin")
    assert sources.defaults is not None
    assert sources.defaults.path == defaults
    assert sources.complete() == Catalog(tmp_path).load("bitcoin")


def test_a_pipe_is_a_problem_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "bitcoin.yaml"
    os.mkfifo(path)
    assert [str(problem) for problem in load_path(path).diagnostics] == [f"{path}:1:1: is no ordinary file"]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_defaults_may_say_nothing(write: Callable[[str, str], Path], minimal: str, text: str) -> None:
    path = write("bitcoin.yaml", minimal)
    write("_defaults.yaml", text)
    assert Catalog(path.parent).load("bitcoin").owner == "data-engineering"


def test_a_pipe_among_the_specs_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "bitcoin.yaml")
    (problem,) = Catalog(tmp_path).load_all().diagnostics
    assert (problem.file, problem.message) == (tmp_path / "bitcoin.yaml", "is no ordinary file")
