"""The reference page of specs, made of the JSON Schema: ``python -m pipeline_lib.specs.reference``."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from pipeline_lib.specs.checks.schema import load_schema, resolve
from pipeline_lib.specs.checks.schema_violations import as_yaml
from pipeline_lib.specs.reading.documents import LARGEST_FILE
from pipeline_lib.specs.schedules.cron import PRESETS
from pipeline_lib.specs.yaml.text import DEEPEST_NESTING, MOST_NODES

Schema: TypeAlias = Mapping[str, Any]

_TYPES = {
    "array": "list",
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "object": "mapping",
    "string": "text",
}
_FREE_KEY = "<CoinGecko id>"
_RANGES = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " items"),
    ("minProperties", "maxProperties", " keys"),
)
_OTHER_LIMITS = {
    "exclusiveMinimum": "greater than {}",
    "uniqueItems": "no item twice",
    "format": "a {} such as 2024-01-01",
    "$comment": "{}",
}

_MINIMAL = ("spec_version", "coin", "schedule")

_PAGE = """\
# Specs

<!-- Made by `make docs` of schemas/pipeline.schema.json; don't edit. -->

One YAML file is one pipeline. `coin-pipelines validate` checks all of them. Invalid YAML and invalid values
are reported with file, line and column.

- [The file](#the-file)
- [Keys](#keys)
- [What all specs share](#what-all-specs-share)
- [Which YAML](#which-yaml)

## The file

`dag_configs/<name>.yaml` is the pipeline `<name>`, whose DAG is `<name>_data_pipeline`. The name has 1 to
100 lower-case letters, digits, `-` and `_`, with a letter or digit first. `_defaults.yaml` is no pipeline: it
holds [what all specs share](#what-all-specs-share).

- Folders below are read too, at any depth, and so are links to folders. They sort files for people only:
  `dag_configs/majors/bitcoin.yaml` is the pipeline `bitcoin`. Two files of one name are refused, both.
- Files and folders whose names begin with a dot are no specs: locks of editors, `.git`, the parts of a
  mounted ConfigMap.
- Any other file that ends in `.yaml` is a spec. One that ends in `.yml` is refused, so that nobody takes it
  for one.

```yaml
# yaml-language-server: $schema=../schemas/pipeline.schema.json
{minimal}
```

That is a complete spec: everything else has a default. With the first line, editors complete and check
while you type.

## Keys

A key that isn't listed here is an error, in every section.

{keys}## What all specs share

`dag_configs/_defaults.yaml` goes under each spec, those in folders below too. There is one such file; another
in a folder below is refused.

- A mapping is merged key by key, at every depth: with `s3: {{bucket: my-bucket}}` in the defaults, a spec's
  `s3: {{prefix: crypto/bitcoin}}` has both.
- Any other value of the spec replaces the default whole; so does a list.
- `null` takes the default away: `s3: null` publishes nothing, although the defaults name a bucket.
- What neither file says has the default of the list above.

What is wrong in the defaults is reported at its place in `_defaults.yaml`.

## Which YAML

Values are read by the rules of YAML 1.2, as JSON would:

| written | read as |
|---|---|
| `true`, `false` | true, false |
| `null`, `~`, nothing | null |
| `3`, `-1.5`, `1e3` | numbers |
| `no`, `on`, `Yes`, `TRUE`, `1:30`, `0x1F`, `1_000`, `2024-01-01` | text, as written |

Keys are always text. A file is refused when it

- holds an alias (`*name`), a tag (`!name`), a second document (`---`) or a key twice;
- nests more than {deepest_nesting} levels, or holds more than {most_nodes} keys and values;
- is larger than {largest_kib} KiB, or isn't UTF-8.
"""


def render_reference(schema: Schema) -> str:
    """The whole page, in Markdown."""
    minimal = {key: schema["properties"][key]["examples"][0] for key in _MINIMAL}
    return _PAGE.format(
        minimal="\n".join(f"{key}: {as_yaml(value)}" for key, value in minimal.items()),
        keys="".join(_render_section(schema, "")),
        deepest_nesting=DEEPEST_NESTING,
        most_nodes=MOST_NODES,
        largest_kib=LARGEST_FILE // 1024,
    )


def _render_section(section: Schema, prefix: str) -> Iterator[str]:
    for key, schema in _keys(section).items():
        resolved = resolve(schema)
        yield f"### `{prefix}{key}`\n\n{resolved['description']}\n\n"
        yield "".join(f"- {fact}\n" for fact in _facts(key, section, resolved))
        yield "\n"
        # What a coin may say of its own is described where it is said of all.
        if "properties" in resolved and key != _FREE_KEY:
            yield from _render_section(resolved, f"{prefix}{key}.")


def _keys(section: Schema) -> Schema:
    """The keys of a section; one name stands for all whose names are free."""
    free = section.get("additionalProperties")
    return {**section["properties"], **({_FREE_KEY: free} if free else {})}


def _facts(key: str, section: Schema, schema: Schema) -> Iterator[str]:
    yield f"Value: {_describe(schema)}"
    if schema.get("type") == "object":
        yield "Keys: " + ", ".join(f"`{below}`" for below in _keys(schema))
    elif key in ("coin", "coins"):
        yield "One of `coin` and `coins` must be given, here or in `_defaults.yaml`"
    elif key in section.get("required", []):
        yield "Must be given, here or in `_defaults.yaml`"
    else:
        yield f"Default: `{as_yaml(schema['default'])}`" if "default" in schema else "Default: none"
    if key == "schedule":
        yield "Presets: " + ", ".join(f"`{preset}`" for preset in PRESETS)
    yield ("Example: " if len(schema["examples"]) == 1 else "Examples: ") + ", ".join(
        f"`{as_yaml(example)}`" for example in schema["examples"]
    )


def _describe(schema: Schema) -> str:
    if "const" in schema:
        return f"always `{as_yaml(schema['const'])}`"
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    described = "; ".join([" or ".join(_TYPES[name] for name in types), *_limits(schema)])
    if "items" in schema:
        described += f"; each item: {_describe(resolve(schema['items']))}"
    return described


def _limits(schema: Schema) -> Iterator[str]:
    for least, most, unit in _RANGES:
        if least in schema and most in schema:
            yield f"{schema[least]} to {schema[most]}{unit}"
        elif least in schema:
            yield f"at least {schema[least]}{unit}"
        elif most in schema:
            yield f"at most {schema[most]}{unit}"
    for keyword, words in _OTHER_LIMITS.items():
        if keyword in schema:
            yield words.format(schema[keyword])


if __name__ == "__main__":
    sys.stdout.write(render_reference(load_schema()))
