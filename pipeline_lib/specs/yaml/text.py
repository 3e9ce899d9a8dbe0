"""YAML text → plain data, and back to the place of each key.

YAML 1.1, which PyYAML reads, turns ``no`` into False, ``1:30`` into 90 and ``2024-01-01`` into a date.
Specs are read by the JSON-like rules of YAML 1.2 instead: only ``true`` and ``false`` are booleans, only
plain numbers are numbers, and everything else is text.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
DEEPEST_NESTING = 20
MOST_NODES = 500
_MOST_REMEMBERED = 4096

# Without one of these there is neither tag nor anchor nor alias; `*/15` and `* * *` of schedules are none.
_MAY_HOLD_WHAT_JSON_LACKS = re.compile(r"""!|[&*][^\s/"']""")

_SCALARS: Mapping[str, Callable[[str], Any]] = {
    _TAG + "str": str,
    _TAG + "int": int,
    _TAG + "float": float,
    _TAG + "bool": {"true": True, "false": False}.__getitem__,
    _TAG + "null": lambda _text: None,
}


class YamlSyntaxError(Exception):
    """The text is not the YAML that specs are written in; kept inside this room.

    Attributes:
        line: From 1.
        column: From 1.
        message: What is wrong.
        hint: What to do, or an empty string.
    """

    def __init__(self, message: str, *, line: int, column: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.line = line
        self.column = column


class _SpecYamlLoader(yaml.CSafeLoader):
    """The C loader with YAML 1.2's scalars, which stops early at a text that is too large to be a spec."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's shape)

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._level = 0
        self._nodes = 0

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:  # noqa: ANN401 (PyYAML's signature)
        """The tag of a node; specs hold the same values over and over."""
        is_plain = kind is yaml.ScalarNode and implicit[0]
        return _tag_of_plain(value) if is_plain else str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call] # PyYAML's

    def descend_resolver(self, parent: yaml.Node | None, _index: object) -> None:
        """Count a node; PyYAML calls this before each, and would follow any nesting until the stack ends."""
        self._level += 1
        self._nodes += 1
        if parent is not None and self._level > DEEPEST_NESTING + 1:
            raise _nested_too_deep(parent.start_mark)
        if parent is not None and self._nodes > MOST_NODES:
            raise _mistake(f"more than {MOST_NODES} keys and values", parent.start_mark)

    def ascend_resolver(self) -> None:
        """Leave a node."""
        self._level -= 1


def _resolve(tag: str, pattern: str, first_characters: list[str]) -> None:
    _SpecYamlLoader.add_implicit_resolver(_TAG + tag, re.compile(pattern), first_characters)


_DIGITS = list("-+0123456789")
_resolve("bool", r"(?:true|false)\Z", ["t", "f"])
_resolve("null", r"(?:null|~|)\Z", ["n", "~", ""])
# Python refuses to read longer integers than a few thousand digits; those are floats here.
_resolve("int", r"[-+]?(?:0|[1-9][0-9]{0,99})\Z", _DIGITS)
_resolve("float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?\Z", [*_DIGITS, "."])

# What plain text is taken for something else, by first character.
IMPLICIT_RESOLVERS = _SpecYamlLoader.yaml_implicit_resolvers


@lru_cache(_MOST_REMEMBERED)
def _tag_of_plain(text: str) -> str:
    resolvers = IMPLICIT_RESOLVERS.get(text[:1], ())
    return next((tag for tag, pattern in resolvers if pattern.match(text)), f"{_TAG}str")


def _mistake(message: str, mark: "yaml.Mark | yaml._yaml.Mark | None") -> YamlSyntaxError:
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return YamlSyntaxError(message, line=line, column=column)


def _nested_too_deep(mark: "yaml.Mark | yaml._yaml.Mark | None") -> YamlSyntaxError:
    return _mistake(f"more than {DEEPEST_NESTING} levels", mark)


def parse_yaml(text: str) -> Any:  # noqa: ANN401 (whatever the text holds)
    """Read one YAML document.

    Raises:
        YamlSyntaxError: Broken syntax, a duplicate key, a tag, an alias, too many levels or values, or more
            than one document.
    """
    try:
        if _MAY_HOLD_WHAT_JSON_LACKS.search(text):
            _refuse_what_json_lacks(text)
        root = yaml.compose(text, Loader=_SpecYamlLoader)
    except yaml.composer.ComposerError as error:
        second = error.problem == "but found another document"
        problem = "a second document isn't allowed" if second else str(error.problem)
        raise _mistake(problem, error.problem_mark) from error
    except yaml.MarkedYAMLError as error:
        from pipeline_lib.specs.yaml.mistakes import explain  # noqa: PLC0415 (only for what is broken)

        found = explain(text, error)
        raise YamlSyntaxError(found.message, line=found.line, column=found.column, hint=found.hint) from error
    except yaml.reader.ReaderError as error:
        # libyaml counts bytes.
        before = text.encode()[: error.position].decode()
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        raise YamlSyntaxError(
            f"the character #x{ord(text[len(before)]):02x} isn't allowed", line=line, column=column
        ) from error
    return None if root is None else _value_of(root, 1)


def _refuse_what_json_lacks(text: str) -> None:
    # A wrong tag makes PyYAML fail in any way; an alias can make a small text an endless value.
    level = 0
    for event in yaml.parse(text, Loader=_SpecYamlLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _mistake("an alias isn't allowed; write the value out", event.start_mark)
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            raise _mistake("a tag isn't allowed", event.start_mark)
        level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if level > DEEPEST_NESTING:
            raise _nested_too_deep(event.start_mark)


def _value_of(node: yaml.Node, level: int) -> Any:  # noqa: ANN401 (whatever the text holds)
    if isinstance(node, yaml.ScalarNode):
        return _SCALARS[node.tag](node.value)
    if level > DEEPEST_NESTING:
        raise _nested_too_deep(node.start_mark)
    if isinstance(node, yaml.SequenceNode):
        return [_value_of(item, level + 1) for item in node.value]
    mapping: dict[str, Any] = {}
    for key, value in node.value:
        # As in JSON, a key is text even where it looks like a number.
        if not isinstance(key, yaml.ScalarNode):
            raise _mistake("a key must be plain text", key.start_mark)
        if key.value in mapping:
            raise _mistake(f"the key {key.value!r} stands twice", key.start_mark)
        mapping[key.value] = _value_of(value, level + 1)
    return mapping


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file; line and column count from 1."""

    line: int
    column: int


def find_position(text: str, path: Sequence[str | int]) -> Position:
    """Where the value at ``path`` stands, or the nearest parent that exists.

    A mapping's entry is placed at its key, a list's item at itself.
    """
    return find_positions(text, [path])[0]


def find_positions(text: str, paths: Iterable[Sequence[str | int]]) -> list[Position]:
    """Where the values at ``paths`` stand.

    The text is read again, so call this only once something is known to be wrong.
    """
    root = yaml.compose(text, Loader=_SpecYamlLoader)
    return [_position_in(root, path) for path in paths]


def _position_in(node: yaml.Node | None, path: Sequence[str | int]) -> Position:
    position = Position(1, 1)
    for step in path:
        found = _child(node, step)
        if found is None:
            break
        node, mark = found
        position = Position(mark.line + 1, mark.column + 1)
    return position


def has_path(data: Any, path: Sequence[str | int]) -> bool:  # noqa: ANN401 (whatever the text holds)
    """Whether plain ``data`` holds a value at ``path``."""
    for step in path:
        in_mapping = isinstance(data, dict) and step in data
        in_list = isinstance(data, list) and isinstance(step, int) and step < len(data)
        if not (in_mapping or in_list):
            return False
        data = data[step]
    return True


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Mark] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return value, key.start_mark
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item, item.start_mark
    return None
