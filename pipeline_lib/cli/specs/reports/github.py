"""For GitHub Actions: workflow commands that annotate the lines of a pull request."""

from collections.abc import Mapping

from pipeline_lib.errors import SpecProblem
from pipeline_lib.specs import Loaded

# The whole of what the runner decodes again.
_IN_MESSAGES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES = {**_IN_MESSAGES, ":": "%3A", ",": "%2C"}


def report(loaded: Loaded) -> str:
    """An ``::error`` or ``::warning`` command for each problem."""
    return "".join(f"{_command(problem)}\n" for problem in loaded.problems)


def _command(problem: SpecProblem) -> str:
    properties = {
        "file": str(problem.file),
        "line": str(problem.line),
        "col": str(problem.column),
        "title": problem.path or "spec",
    }
    written = ",".join(f"{name}={_escape(value, _IN_PROPERTIES)}" for name, value in properties.items())
    message = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
    return f"::{problem.severity.value} {written}::{_escape(message, _IN_MESSAGES)}"


def _escape(text: str, escapes: Mapping[str, str]) -> str:
    # The name of a file may hold bytes that are no text.
    encodable = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(escapes.get(character, character) for character in encodable)
