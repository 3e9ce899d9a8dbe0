from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_lib.errors import InvalidSpecsError
from pipeline_lib.specs import Catalog
from pipeline_lib.specs.rendering import render

Write = Callable[[str, str], Path]

GOOD = sorted((Path(__file__).parents[1] / "data" / "specs" / "good").glob("*.yaml"))
DEFAULTS = [
    "{}",
    "owner: shared\ntags: [a]\n",
    "s3: {bucket: shared, prefix: p}\n",
    "s3: {bucket: shared}\n",
    "alerts: {connection: c}\nthresholds: {1h: 7}\n",
    "s3: null\nowner: null\n",
]


@pytest.mark.parametrize("defaults", DEFAULTS)
@pytest.mark.parametrize("spec", GOOD, ids=lambda path: path.stem)
def test_a_rendered_spec_means_the_same_and_renders_to_itself(
    tmp_path: Path, spec: Path, defaults: str
) -> None:
    (tmp_path / "_defaults.yaml").write_text(defaults, encoding="utf-8")
    copy = tmp_path / spec.name
    copy.write_bytes(spec.read_bytes())
    catalog = Catalog(tmp_path)
    try:
        before = catalog.load(spec.stem)
    except InvalidSpecsError:
        # Half a section in the defaults that the spec doesn't complete, or a second webhook beside theirs.
        assert defaults == "s3: {bucket: shared}\n" or spec.stem == "webhook_variable"
        return
    text = render(catalog.sources(spec.stem))
    copy.write_text(text, encoding="utf-8")
    assert catalog.load(spec.stem) == before
    assert render(catalog.sources(spec.stem)) == text
    (tmp_path / "_defaults.yaml").unlink()
    assert catalog.load(spec.stem) == before
    assert render(catalog.sources(spec.stem)) == text


def test_what_a_null_takes_away_stays_away(write: Write, tmp_path: Path, minimal: str) -> None:
    write("_defaults.yaml", "s3: {bucket: shared, prefix: p}\nalerts: {connection: c}\n")
    write("bitcoin.yaml", f"{minimal}s3: null\nalerts: {{connection: null}}\n")
    lines = render(Catalog(tmp_path).sources("bitcoin")).splitlines()
    assert lines[-1] == "s3: null"
    assert lines[lines.index("alerts:") + 1] == "  connection: null"


def test_an_invalid_spec_is_not_rendered(write: Write, tmp_path: Path, minimal: str) -> None:
    write("bitcoin.yaml", f"{minimal}x: y\n")
    with pytest.raises(InvalidSpecsError):
        render(Catalog(tmp_path).sources("bitcoin"))
