from pathlib import Path

import pytest

from pipeline_lib.specs.model import Coins, NamedCoins, OneCoin, TopCoins
from pipeline_lib.specs.reading.completion import complete_spec
from pipeline_lib.specs.reading.documents import parse_document
from pipeline_lib.specs.starter import find_coin_violations, write_starter


@pytest.mark.parametrize(
    "coins",
    [
        *map(OneCoin, ("bitcoin", "usd-coin", "0x", "null", "1e5", "a" * 100)),
        NamedCoins(("bitcoin", "null", "1e5")),
        TopCoins(100),
        TopCoins(50, first=51),
    ],
    ids=str,
)
def test_a_starter_is_a_valid_spec_of_its_coins(coins: Coins) -> None:
    assert find_coin_violations(coins) == []
    text = write_starter("some_name", coins, Path("../schema.json"))
    spec = complete_spec(parse_document(Path("some_name.yaml"), text), None)
    assert (spec.name, spec.coins) == ("some_name", coins)
    assert spec.s3 is not None
    assert spec.s3.prefix == "crypto/some_name"


@pytest.mark.parametrize("coin", ["", "Bitcoin", "a b", "a/b", "bitcoin\n"])
def test_what_is_no_coin_id_is_found(coin: str) -> None:
    assert [violation.path for violation in find_coin_violations(OneCoin(coin))] == [("coin",)]
    several = find_coin_violations(NamedCoins(("bitcoin", coin)))
    assert [violation.path for violation in several] == [("coins", 1)]


@pytest.mark.parametrize(
    ("coins", "path"),
    [
        (NamedCoins(()), ("coins",)),
        (NamedCoins(("bitcoin", "bitcoin")), ("coins",)),
        (TopCoins(0), ("coins", "top")),
        (TopCoins(251), ("coins", "top")),
        (TopCoins(10, first=0), ("coins", "from")),
    ],
    ids=str,
)
def test_too_few_or_too_many_coins_are_found(coins: Coins, path: tuple[str, ...]) -> None:
    assert [violation.path for violation in find_coin_violations(coins)] == [path]
