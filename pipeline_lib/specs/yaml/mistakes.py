"""What the parser's words about broken YAML mean, and what to do about it.

libyaml says what it expected next, which is seldom what is wrong. The text around the place tells more.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import yaml

from pipeline_lib.common.counting import counted

_KEY = re.compile(r"""(?P<indent> *)(?:- +)*(?P<key>[^\s#"'\[\]{},:][^:#]*|"[^"]*"|'[^']*')\s*:(?:\s|$)""")
_KEY_WITH_A_VALUE = "write key: value, with a space after the colon"
_WRONG_BEGINNINGS = frozenset(
    {
        "found character that cannot start any token",
        "did not find expected alphabetic or numeric character",
    }
)
_SECOND_COLON = "a colon and a space end a key, and this line has one already"
_AFTER_THE_END = "this stands after the end of a value"
_WHOLE_VALUE_IN_QUOTES = "put the whole value in quotes"
_SHOWN_PLACES = 2
_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a text that is no YAML.

    Attributes:
        message: What is wrong.
        hint: What to do, or an empty string.
        line: From 1.
        column: From 1.
    """

    message: str
    hint: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where the parser stopped, counted from 0, with its words.

    Attributes:
        problem: What it says.
        lines: The whole text.
        line: Where it stopped.
        column: As ``line``.
        opened: Where what it was reading begins, as line and column.
    """

    problem: str
    lines: Sequence[str]
    line: int
    column: int
    opened: tuple[int, int]

    @property
    def text(self) -> str:
        """The line where it stopped."""
        return self.lines[self.line] if self.line < len(self.lines) else ""

    @property
    def indent(self) -> int:
        """How far this line is indented, in spaces."""
        return _indent(self.text)

    def here(self, message: str, hint: str = "") -> Mistake:
        """A mistake where the parser stopped."""
        return Mistake(message, hint, self.line + 1, self.column + 1)

    def there(self, message: str, hint: str) -> Mistake:
        """A mistake where what the parser was reading begins."""
        line, column = self.opened
        return Mistake(message, hint, line + 1, column + 1)


def explain(text: str, error: yaml.MarkedYAMLError) -> Mistake:
    """What is wrong with a text that the parser stopped at."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    opened = (error.context_mark.line, error.context_mark.column) if error.context_mark else (line, column)
    stop = _Stop(error.problem or "broken YAML", text.splitlines(), line, column, opened)
    explained = (rule(stop) for rule in (_wrong_character, _left_open, _no_key, _misplaced))
    return next((found for found in explained if found), None) or stop.here(stop.problem)


def _wrong_character(stop: _Stop) -> Mistake | None:
    if "tab character" in stop.problem or stop.text[stop.column : stop.column + 1] == "\t":
        return stop.here("a tab can't indent a line", "use spaces")
    if stop.problem not in _WRONG_BEGINNINGS:
        return None
    line, column = stop.opened
    begins = stop.lines[line][column : column + 1] if line < len(stop.lines) else ""
    return stop.there(f"a value can't begin with {begins}", 'put it in quotes, as in "@hourly"')


def _left_open(stop: _Stop) -> Mistake | None:
    if stop.problem == "found unexpected end of stream":
        return stop.there("the quote that begins here isn't closed", "close it with the same quote")
    if stop.problem == "did not find expected node content":
        return stop.here("a value is missing before this", "close each [ with ] and each { with }")
    if not stop.problem.startswith("did not find expected ',' or"):
        return None
    message = f"what begins in line {stop.opened[0] + 1} goes on here without a comma, or isn't closed"
    return stop.here(message, f"write a comma between items, and {stop.problem[-2]} at the end")


def _no_key(stop: _Stop) -> Mistake | None:
    if stop.problem == "could not find expected ':'":
        return stop.there("this is no key with a value", _KEY_WITH_A_VALUE)
    if stop.problem == "did not find expected '-' indicator":
        return stop.here("this is no item of the list above", "a spec has keys at its root, and no list")
    return None


def _misplaced(stop: _Stop) -> Mistake | None:
    if not stop.problem.startswith(("mapping values", "did not find expected")):
        return None
    before = stop.text[stop.indent : stop.column].strip(" -\"'")
    if before and before != _key_in(stop.text):
        is_second_colon = stop.text[stop.column : stop.column + 1] == ":"
        return stop.here(_SECOND_COLON if is_second_colon else _AFTER_THE_END, _WHOLE_VALUE_IN_QUOTES)
    above = [
        number
        for number, line in enumerate(stop.lines[: stop.line])
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not above:
        return None
    previous = stop.lines[above[-1]]
    if _key_in(previous) is None and not previous.lstrip().startswith("- "):
        return Mistake("this is no key with a value", _KEY_WITH_A_VALUE, above[-1] + 1, _indent(previous) + 1)
    return _wrong_indent(stop, dict(_places_above([stop.lines[number] for number in above])))


def _wrong_indent(stop: _Stop, places: Mapping[int, str]) -> Mistake | None:
    if stop.indent in places:
        return None
    begins = replace(stop, column=stop.indent)
    if stop.indent < min(places):
        hint = "begin all keys of the spec in column 1"
        return begins.here("this line isn't indented as those above it", hint)
    nearest = sorted(places, key=lambda place: abs(place - stop.indent))[:_SHOWN_PLACES]
    hint = "begin it " + " or ".join(f"in column {place + 1}, as {places[place]} does" for place in nearest)
    return begins.here(
        f"this line is indented by {counted(stop.indent, 'space')}, which fits no line above it", hint
    )


def _places_above(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Where a line may begin after ``lines``, each with the last key that begins there."""
    open_places: dict[int, str] = {}
    for line in lines:
        indent = _indent(line)
        open_places = {place: key for place, key in open_places.items() if place < indent}
        open_places[indent] = _shown_key(line)
    yield from open_places.items()


def _shown_key(line: str) -> str:
    key = _key_in(line) or ""
    return key if key.isprintable() and 0 < len(key) <= _LONGEST_SHOWN else "the line above"


def _key_in(line: str) -> str | None:
    match = _KEY.match(line)
    return match["key"].strip(" \"'") if match else None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
