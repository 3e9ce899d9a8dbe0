from pathlib import Path

import pytest

from pipeline_lib.specs import OneCoin
from pipeline_lib.specs.checks.schema import load_schema
from pipeline_lib.specs.reading.completion import read_spec
from pipeline_lib.specs.reference import render_reference

PAGE = Path(__file__).parents[2] / "docs" / "spec.md"
RENDERED = render_reference(load_schema())


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == RENDERED, "run make docs"


@pytest.mark.parametrize("key", ["coin", "windows", "thresholds.24h", "quality.max_age", "s3.endpoint_url"])
def test_every_key_has_a_section(key: str) -> None:
    assert f"\n### `{key}`\n" in RENDERED


@pytest.mark.parametrize(
    "fact",
    [
        "- Value: whole number; 0 to 20\n- Default: `3`\n",
        "- Value: number; at most 1000; greater than 0\n- Default: `8`\n",
        "- Value: text; a date such as 2024-01-01\n- Default: `2017-01-01`\n",
        "- Value: list; 1 to 10 items; no item twice; each item: text or whole number; 2 to 100000",
        "- Value: always `1`\n- Must be given",
        '- Examples: `"@hourly"`, `"*/15 * * * *"`\n',
        "more than 20 levels, or holds more than 500 keys and values",
        "larger than 64 KiB",
    ],
)
def test_a_key_is_described_in_words(fact: str) -> None:
    assert fact in RENDERED


def test_every_pattern_is_put_in_words() -> None:
    schema = load_schema()
    parts = [schema, *schema["properties"].values(), *schema["$defs"].values()]
    parts += [below for part in parts for below in part.get("properties", {}).values()]
    assert all(part["$comment"] for part in parts if "pattern" in part)
    assert "^" not in RENDERED


def test_the_first_example_is_a_complete_spec(tmp_path: Path) -> None:
    path = tmp_path / "bitcoin.yaml"
    path.write_text(RENDERED.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    assert read_spec(path, None).coins == OneCoin("bitcoin")
