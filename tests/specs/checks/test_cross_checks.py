import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_lib.specs import PipelineSpec, S3Target
from pipeline_lib.specs.checks.cross_checks import find_overlaps, name_others
from pipeline_lib.specs.reading.completion import read_spec

MINIMAL = read_spec(Path(__file__).parents[2] / "data" / "specs" / "good" / "minimal.yaml", None)


def publishing(places: Mapping[str, S3Target]) -> list[PipelineSpec]:
    return [replace(MINIMAL, name=name, s3=target) for name, target in places.items()]


def target(prefix: str, bucket: str | None = "bucket", endpoint_url: str | None = None) -> S3Target:
    return S3Target(bucket=bucket, prefix=prefix, endpoint_url=endpoint_url, connection=None)


def overlapping(*targets: S3Target, default_bucket: str | None = None) -> set[str]:
    specs = publishing({f"pipeline{number}": one for number, one in enumerate(targets)})
    return {name[-1] for name, _ in find_overlaps(specs, default_bucket)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (target("crypto"), target("crypto")),
        (target("crypto"), target("crypto/bitcoin")),
        (target("a/b/c/d"), target("a")),
        (target("crypto", None), target("crypto", None)),
        (target("crypto", None), target("crypto", "the-default")),
        (target("x", endpoint_url="https://store/"), target("x", endpoint_url="https://store")),
    ],
)
def test_one_prefix_for_two_is_an_overlap_of_both(one: S3Target, other: S3Target) -> None:
    assert overlapping(one, other, target("elsewhere"), default_bucket="the-default") == {"0", "1"}
    assert overlapping(other, one, default_bucket="the-default") == {"0", "1"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (target("crypto/bitcoin"), target("crypto/bitcoin-cash")),
        (target("crypto"), target("crypto", "other-bucket")),
        (target("crypto", None), target("crypto")),
        (target("crypto"), target("Crypto")),
        (target("crypto"), target("crypto", endpoint_url="https://store")),
    ],
)
def test_two_prefixes_are_no_overlap(one: S3Target, other: S3Target) -> None:
    assert overlapping(one, other) == set()


def test_pipelines_that_publish_nothing_are_in_nobodys_way() -> None:
    assert list(find_overlaps([MINIMAL, replace(MINIMAL, name="other")], None)) == []


def test_siblings_under_one_place_are_in_its_way_only() -> None:
    specs = publishing({"root": target("x"), "left": target("x/left"), "right": target("x/right")})
    messages = {name: diagnostic.message for name, diagnostic in find_overlaps(specs, None)}
    assert messages == {
        "root": "'x' overlaps the S3 prefix of left.yaml, right.yaml",
        "left": "'x/left' overlaps the S3 prefix of root.yaml",
        "right": "'x/right' overlaps the S3 prefix of root.yaml",
    }


def test_a_few_others_are_named_and_the_rest_counted() -> None:
    group = ["a", "b", "c", "d", "e", "f"]
    assert name_others("a", group) == "b.yaml, c.yaml, d.yaml and 2 more"
    assert name_others("f", group) == "a.yaml, b.yaml, c.yaml and 2 more"
    assert name_others("b", ["a", "b"]) == "a.yaml"


def test_thousands_of_overlaps_are_found_in_a_moment() -> None:
    specs = publishing({f"pipeline{number}": target(f"a/{number % 2}") for number in range(5000)})
    start = time.perf_counter()
    assert len(list(find_overlaps(specs, None))) == 5000
    assert time.perf_counter() - start < 5
