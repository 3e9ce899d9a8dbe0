"""For GitHub Actions: workflow commands that annotate the lines of a pull request."""

from collections.abc import Mapping

from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.specs import Loaded

# The whole of what the runner decodes again.
_IN_MESSAGES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES = {**_IN_MESSAGES, ":": "%3A", ",": "%2C"}


def report(loaded: Loaded) -> str:
    """An ``::error`` or ``::warning`` command for each diagnostic."""
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in loaded.diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    properties = {
        "file": str(diagnostic.file),
        "line": str(diagnostic.line),
        "col": str(diagnostic.column),
        "title": diagnostic.key or "spec",
    }
    written = ",".join(f"{name}={_escape(value, _IN_PROPERTIES)}" for name, value in properties.items())
    return f"::{diagnostic.severity.value} {written}::{_escape(diagnostic.text, _IN_MESSAGES)}"


def _escape(text: str, escapes: Mapping[str, str]) -> str:
    # The name of a file may hold bytes that are no text.
    encodable = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(escapes.get(character, character) for character in encodable)
