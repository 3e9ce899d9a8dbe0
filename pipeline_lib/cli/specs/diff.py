"""The command that says what a change of specs means for pipelines."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from pipeline_lib.cli.places import printable, with_shown_files
from pipeline_lib.cli.project import current_settings, reporting_errors
from pipeline_lib.cli.specs.git_history import Version, read_version
from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.specs import Catalog
from pipeline_lib.specs.changes import Kind, PipelineChange, State, ValueChange, compare
from pipeline_lib.specs.model import DAG_ID_SUFFIX
from pipeline_lib.specs.yaml.writing import write_value

# What is shown of a pipeline that comes or goes.
_MAIN_KEYS = ("coin", "vs_currency", "schedule", "timezone", "windows", "thresholds", "s3")


@click.command()
@click.argument("reference", metavar="GIT_REF")
@click.option("--exit-code", "exit_code", is_flag=True, help="Exit with 1 when anything changed.")
@reporting_errors
def diff(reference: str, exit_code: bool) -> None:  # noqa: FBT001 (click passes it by name)
    """Print which pipelines changed since GIT_REF, and how.

    Effective values are compared, those of GIT_REF with those of the working tree. A change of _defaults.yaml
    shows in each pipeline that it reaches. Invalid specs are listed, not compared.

    \b
    Example:
      coin-pipelines diff HEAD
      coin-pipelines diff --exit-code origin/main
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    folder = current_settings().dag_configs_dir
    if not folder.is_dir():
        raise click.ClickException(f"the folder of specs {folder} doesn't exist (set DAG_CONFIGS_DIR)")
    old, old_diagnostics = _at(read_version(folder, reference), reference)
    new, new_diagnostics = _now(folder)
    changes = compare(old, new)
    for line in _report(changes, reference):
        click.echo(line)
    for diagnostic in (*old_diagnostics, *new_diagnostics):
        click.echo(printable(str(diagnostic)))
    if exit_code and changes:
        raise SystemExit(1)


def _at(version: Version, reference: str) -> tuple[State, tuple[Diagnostic, ...]]:
    with TemporaryDirectory(prefix="coin-pipelines-") as temporary:
        for name, content in version.files.items():
            path = Path(temporary, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        catalog = Catalog(Path(temporary))
        loaded = catalog.load_all()
        state = State.of(catalog, loaded)
    # As git writes it: a file of a commit.
    place = f"{reference}:{version.folder.as_posix()}"
    return state, tuple(
        replace(diagnostic, file=Path(place, diagnostic.file.relative_to(temporary)))
        if diagnostic.file
        else diagnostic
        for diagnostic in loaded.diagnostics
    )


def _now(folder: Path) -> tuple[State, tuple[Diagnostic, ...]]:
    catalog = Catalog(folder)
    loaded = catalog.load_all()
    return State.of(catalog, loaded), with_shown_files(loaded.diagnostics)


def _report(changes: Iterable[PipelineChange], reference: str) -> Iterator[str]:
    empty = True
    for change in changes:
        empty = False
        yield f"{change.kind.value:<7}  {printable(change.name)}  {printable(change.name)}{DAG_ID_SUFFIX}"
        yield from map(printable, _VALUE_LINES[change.kind](change.values))
    if empty:
        yield f"no pipeline changed since {printable(reference)}"


def _both_values(values: Iterable[ValueChange]) -> Iterator[str]:
    for value in values:
        yield f"  {value.key}: {_value(value.old)} -> {_value(value.new)}"


def _new_values(values: Iterable[ValueChange]) -> Iterator[str]:
    for value in filter(_is_main, values):
        yield f"  {value.key}: {_value(value.new)}"


def _old_values(values: Iterable[ValueChange]) -> Iterator[str]:
    for value in filter(_is_main, values):
        yield f"  {value.key}: {_value(value.old)}"


def _is_main(value: ValueChange) -> bool:
    return value.key.partition(".")[0] in _MAIN_KEYS


def _value(value: object) -> str:
    return "not set" if value is None else write_value(value)


_VALUE_LINES = {
    Kind.ADDED: _new_values,
    Kind.REMOVED: _old_values,
    Kind.CHANGED: _both_values,
    Kind.INVALID: _both_values,
}
