from collections.abc import Callable

from click.testing import Result

from pipeline_lib.specs.checks.schema import schema_path


def test_the_schema_is_printed_as_it_is(command: Callable[..., Result]) -> None:
    result = command("schema")
    assert (result.exit_code, result.stdout) == (0, schema_path().read_text(encoding="utf-8"))
