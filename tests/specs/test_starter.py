from pathlib import Path

import pytest

from pipeline_lib.specs.reading.completion import complete_spec
from pipeline_lib.specs.reading.documents import parse_document
from pipeline_lib.specs.starter import find_coin_violations, write_starter


@pytest.mark.parametrize("coin", ["bitcoin", "usd-coin", "0x", "null", "1e5", "a" * 100])
def test_a_starter_is_a_valid_spec_of_its_coin(coin: str) -> None:
    assert find_coin_violations(coin) == []
    text = write_starter("some_name", coin, Path("../schema.json"))
    spec = complete_spec(parse_document(Path("some_name.yaml"), text), None)
    assert (spec.name, spec.coin) == ("some_name", coin)
    assert spec.s3 is not None
    assert spec.s3.prefix == "crypto/some_name"


@pytest.mark.parametrize("coin", ["", "Bitcoin", "a b", "a/b", "bitcoin\n"])
def test_what_is_no_coin_id_is_found(coin: str) -> None:
    assert [violation.path for violation in find_coin_violations(coin)] == [("coin",)]
