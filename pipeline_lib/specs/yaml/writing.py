"""Plain data → YAML text that specs' own reader, and any YAML 1.1 reader, takes for the same data."""

from typing import Any

import yaml

from pipeline_lib.specs.yaml.text import IMPLICIT_RESOLVERS

_NEVER_WRAP = 1_000_000


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
    return _dump(data, flow=False)


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
