"""What commands need of the project that they are called in."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
from click.shell_completion import CompletionItem

from pipeline_lib.cli.failures import failure_text
from pipeline_lib.cli.places import with_shown_files
from pipeline_lib.common.timestamps import FIRST_OF_A_RUN, LAST_OF_A_RUN, to_moment
from pipeline_lib.errors import CoinPipelinesError, InvalidSpecsError, SettingsError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog, PipelineSpec, Sources
from pipeline_lib.specs.reading.files import SPEC_SUFFIX

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class MomentType(click.ParamType):  # type: ignore[type-arg] # generic only since click 8.4
    """A time with its zone, such as ``2018-02-05T14:00:00Z``, or a date, which means its midnight (UTC)."""

    name = "moment"

    def convert(
        self,
        value: str | datetime,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> datetime:
        """Read the text as a moment in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            return _read_moment(value)
        except ValueError as error:
            self.fail(
                f"{value!r} {error}; write a time with its zone, such as 2018-02-05T14:00:00Z, "
                "or a date, such as 2018-02-05, for its midnight (UTC)",
                param,
                ctx,
            )


MOMENT = MomentType()


def _read_moment(text: str) -> datetime:
    """The moment that a text names.

    Raises:
        ValueError: It names none; the message follows the text in a sentence.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is no time") from None
    if time.tzinfo is None:
        if not _is_date(text):
            raise ValueError("has no time zone")
        time = time.replace(tzinfo=UTC)
    if not FIRST_OF_A_RUN <= time <= LAST_OF_A_RUN:
        raise ValueError(f"lies outside the years {FIRST_OF_A_RUN.year} to {LAST_OF_A_RUN.year}")
    return to_moment(time)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def current_settings() -> Settings:
    """The settings of the environment, for a project in the current folder."""
    return Settings.from_environment(os.environ, project_folder=Path.cwd())


def load_pipeline(settings: Settings, name: str) -> PipelineSpec:
    """The spec of a pipeline."""
    return Catalog(settings.dag_configs_dir).load(name)


def catalog_around(path: Path) -> Catalog:
    """The specs that a spec or a folder belongs to: the project's, or others whose defaults hold for it.

    Raises:
        SettingsError: A variable of the environment that says where specs lie is unusable.
    """
    settings = Settings.for_parsing(os.environ, project_folder=Path.cwd())
    return Catalog.around(path, settings.dag_configs_dir)


def load_sources(name_or_path: str) -> Sources:
    """The files of a pipeline of the project, or of a spec anywhere.

    Raises:
        SpecNotFoundError: There is no such file.
        InvalidSpecsError: A file can't be read, or holds no mapping.
        SettingsError: A variable of the environment holds something unusable.
    """
    if _is_path(name_or_path):
        path = Path(name_or_path)
        if path.suffix != SPEC_SUFFIX:
            raise click.UsageError(f"{name_or_path} is no spec: specs end in {SPEC_SUFFIX}")
        return catalog_around(path).sources_at(path)
    return Catalog(current_settings().dag_configs_dir).sources(name_or_path)


def _is_path(text: str) -> bool:
    return os.sep in text or text.endswith((SPEC_SUFFIX, ".yml"))


def complete_names(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The project's pipelines that begin with what is typed, in the form that click calls.

    Args:
        _context: The command.
        _parameter: The parameter that is completed.
        begun: What is typed.
    """
    try:
        names = Catalog(current_settings().dag_configs_dir).names()
    except SettingsError:
        return []
    return [CompletionItem(name) for name in names if name.startswith(begun)]


def complete_names_and_files(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """The same, or, once what is typed can only be a path, the shell's own files.

    Args:
        context: The command.
        parameter: The parameter that is completed.
        begun: What is typed.
    """
    if os.sep in begun:
        return [CompletionItem(begun, type="file")]
    return complete_names(context, parameter, begun)


def reporting_errors(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Turn an error of this package into its text on stderr and exit code 1."""

    @wraps(command)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except InvalidSpecsError as error:
            shown = with_shown_files(error.diagnostics)
            raise click.ClickException("\n".join(map(str, shown))) from error
        except (CoinPipelinesError, OSError) as error:
            raise click.ClickException(failure_text(error)) from error

    return wrapped
