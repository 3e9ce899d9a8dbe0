"""The command that says where each value of a spec comes from."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from pipeline_lib.cli.places import shown
from pipeline_lib.cli.project import complete_names_and_files, load_sources, reporting_errors
from pipeline_lib.specs.key_paths import join_path, known_paths
from pipeline_lib.specs.origins import Explanation, Origin, Place, explain_key, trace
from pipeline_lib.specs.yaml.writing import write_value


def _complete_keys(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    return [key for key in map(join_path, known_paths()) if key.startswith(begun)]


@click.command()
@click.argument("pipeline", metavar="NAME|PATH", shell_complete=complete_names_and_files)
@click.argument("key", required=False, shell_complete=_complete_keys)
@reporting_errors
def explain(pipeline: str, key: str | None) -> None:
    """Print each value of a spec and what set it.

    That is the spec, the defaults, or the schema. With KEY, such as thresholds.1h or s3, only that, with its
    description and examples.

    \b
    Example:
      coin-pipelines explain bitcoin
      coin-pipelines explain bitcoin thresholds.1h
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    sources = load_sources(pipeline)
    lines = _table(trace(sources)) if key is None else _explanation(explain_key(sources, key))
    for line in lines:
        click.echo(line)


def _table(origins: Iterable[Origin]) -> Iterator[str]:
    rows = [(f"{origin.key}: {write_value(origin.value)}", _describe(origin.place)) for origin in origins]
    width = max((len(value) for value, _ in rows), default=0)
    for value, place in rows:
        yield f"{value:<{width}}  {place}"


def _explanation(explanation: Explanation) -> Iterator[str]:
    if explanation.origins:
        yield from _table(explanation.origins)
    elif explanation.taken_away:
        yield f"{explanation.key}: not set  null at {_describe(explanation.taken_away)}"
    else:
        yield f"{explanation.key}: not set"
    yield ""
    yield explanation.description
    yield f"For example {' or '.join(map(write_value, explanation.examples))}"


def _describe(place: Place | None) -> str:
    return f"{shown(place.file, Path.cwd())}:{place.line}" if place else "schema default"
