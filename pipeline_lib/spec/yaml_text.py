"""YAML text → plain data, and back to the place of each key.

YAML 1.1, which PyYAML reads, turns ``no`` into False, ``1:30`` into 90 and ``2024-01-01`` into a date.
Specs are read by the JSON-like rules of YAML 1.2 instead: only ``true`` and ``false`` are booleans, only
plain numbers are numbers, and everything else is text.
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
_DEEPEST_NESTING = 20


class YamlMistakeError(Exception):
    """The text is not the YAML that specs are written in; kept inside this room.

    Attributes:
        line: From 1.
        column: From 1.
        message: What is wrong.
    """

    def __init__(self, message: str, *, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class _SpecYamlLoader(yaml.CSafeLoader):
    """The C loader with YAML 1.2's scalars, keys that are text, and no key twice."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's shape)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 (PyYAML's signature)
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _mistake("a key must be plain text", key.start_mark)
            if key.value in seen:
                raise _mistake(f"the key {key.value!r} stands twice", key.start_mark)
            seen.add(key.value)
            key.tag = _TAG + "str"  # as in JSON, a key is text even where it looks like a number
        return super().construct_mapping(node, deep=deep)


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


def _mistake(message: str, mark: "yaml.Mark | yaml._yaml.Mark | None") -> YamlMistakeError:
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return YamlMistakeError(message, line=line, column=column)


def parse_yaml(text: str) -> Any:  # noqa: ANN401 (whatever the text holds)
    """Read one YAML document.

    Raises:
        YamlMistakeError: Broken syntax, a duplicate key, a tag, an alias, too many levels, or more than one
            document.
    """
    try:
        _refuse_what_json_lacks(text)
        return yaml.load(text, Loader=_SpecYamlLoader)  # noqa: S506 (a safe loader)
    except yaml.MarkedYAMLError as error:
        problem = error.problem or "broken YAML"
        raise _mistake(problem, error.problem_mark or error.context_mark) from error
    except yaml.reader.ReaderError as error:
        # libyaml counts bytes.
        before = text.encode()[: error.position].decode()
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        raise YamlMistakeError(
            f"the character #x{ord(text[len(before)]):02x} isn't allowed", line=line, column=column
        ) from error


def _refuse_what_json_lacks(text: str) -> None:
    # A wrong tag makes PyYAML fail in any way; an alias can make a small text an endless value.
    depth = documents = 0
    for event in yaml.parse(text, Loader=_SpecYamlLoader):
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise _mistake("a second document isn't allowed", event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            raise _mistake("an alias isn't allowed; write the value out", event.start_mark)
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            raise _mistake("a tag isn't allowed", event.start_mark)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST_NESTING:
            raise _mistake(f"more than {_DEEPEST_NESTING} levels", event.start_mark)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file; line and column count from 1."""

    line: int
    column: int


def find_position(text: str, path: Sequence[str | int]) -> Position:
    """Where the value at ``path`` stands, or the nearest parent that exists.

    A mapping's entry is placed at its key, a list's item at itself. The text is read again, so call
    this only once something is known to be wrong.
    """
    node = yaml.compose(text, Loader=_SpecYamlLoader)
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
