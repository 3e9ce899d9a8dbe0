"""Plain data → YAML text that specs' own reader, and any YAML 1.1 reader, takes for the same data.

A DAG file writes every spec at each parse, and PyYAML takes as long for it as Airflow for the DAG. So
mappings, lists and the usual scalars are put together here; what needs a second thought is PyYAML's.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import yaml

from pipeline_lib.specs.yaml.text import IMPLICIT_RESOLVERS

_NEVER_WRAP = 1_000_000
_MOST_REMEMBERED = 4096

# Text that may stand as it is, unless it reads as another type: in a line of its own, and in a list.
_PLAIN_IN_LINE = re.compile(r"[A-Za-z0-9](?:[\w ,./@-]*[\w.])?", re.ASCII)
_PLAIN_IN_LIST = re.compile(r"[A-Za-z0-9](?:[\w ./@-]*[\w.])?", re.ASCII)
_LONGEST_PLAIN_KEY = 100
# PyYAML writes exponents, infinity and what isn't a number in ways of its own.
_USUAL_NUMBER = re.compile(r"-?[0-9]+\.[0-9]+")


class _SpecYamlDumper(yaml.SafeDumper):
    """Quotes any text that YAML 1.1 or 1.2 would take for something else; lists stay on one line."""

    # PyYAML writes text plainly when no pattern here takes it for another type.
    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's shape)
        character: [
            *yaml.SafeDumper.yaml_implicit_resolvers.get(character, []),
            *IMPLICIT_RESOLVERS.get(character, []),
        ]
        for character in {*yaml.SafeDumper.yaml_implicit_resolvers, *IMPLICIT_RESOLVERS}
    }


def _represent_list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    # Only the double-quoted style has an escape for each character.
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_SpecYamlDumper.add_representer(list, _represent_list)
_SpecYamlDumper.add_representer(str, _represent_text)


def write_yaml(data: dict[str, Any]) -> str:
    """A mapping as a YAML document, in its own order."""
    return "".join(_lines_of(data, "")) if data else "{}\n"


def write_value(value: object) -> str:
    """A value as YAML on one line; no control character of a terminal gets through."""
    return _dump([value], flow=True).removeprefix("[").removesuffix("]\n")


def _dump(data: object, *, flow: bool) -> str:
    text: str = yaml.dump(
        data,
        Dumper=_SpecYamlDumper,
        allow_unicode=True,
        default_flow_style=flow,
        sort_keys=False,
        width=_NEVER_WRAP,
    )
    return text


def _lines_of(mapping: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in mapping.items():
        if not _is_plain_key(key):
            # PyYAML knows where a key may stand, and how.
            written = _dump({key: value}, flow=False)
            yield "".join(f"{indent}{line}" for line in written.splitlines(keepends=True))
        elif isinstance(value, dict) and value:
            yield f"{indent}{key}:\n"
            yield from _lines_of(value, f"{indent}  ")
        else:
            yield f"{indent}{key}: {_in_line(value)}\n"


def _is_plain_key(key: str) -> bool:
    return len(key) <= _LONGEST_PLAIN_KEY and _is_plain(key)


def _in_line(value: object) -> str:
    """A value that takes the rest of a line."""
    match value:
        case str():
            text = value if _is_plain(value) else _quoted_in_line(value)
        case bool():
            text = "true" if value else "false"
        case int():
            text = str(value)
        case float() if _USUAL_NUMBER.fullmatch(repr(value)):
            text = repr(value)
        case list():
            text = f"[{', '.join(map(_in_list, value))}]"
        case _:
            text = write_value(value)
    return text


def _in_list(value: object) -> str:
    """A value between the brackets of a list."""
    if isinstance(value, str):
        return value if _is_plain_in_list(value) else _quoted_in_list(value)
    return _in_line(value)


@lru_cache(_MOST_REMEMBERED)
def _is_plain(text: str) -> bool:
    return _PLAIN_IN_LINE.fullmatch(text) is not None and _is_text_to_all_readers(text)


@lru_cache(_MOST_REMEMBERED)
def _is_plain_in_list(text: str) -> bool:
    return _PLAIN_IN_LIST.fullmatch(text) is not None and _is_text_to_all_readers(text)


def _is_text_to_all_readers(text: str) -> bool:
    resolvers = _SpecYamlDumper.yaml_implicit_resolvers.get(text[0], ())
    return not any(pattern.match(text) for _, pattern in resolvers)


@lru_cache(_MOST_REMEMBERED)
def _quoted_in_line(text: str) -> str:
    return _dump({"key": text}, flow=False).removeprefix("key: ").removesuffix("\n")


@lru_cache(_MOST_REMEMBERED)
def _quoted_in_list(text: str) -> str:
    return write_value(text)
