"""The second format: any part comes back letter for letter, and each changed byte shows."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pipeline_lib.archive.format_2 import decode, decode_head, encode
from pipeline_lib.archive.part import Head, Part
from pipeline_lib.model.observation import (
    Archived,
    ImportedLine,
    ImportedObservation,
    Observation,
    Provenance,
    Snapshot,
)

TIME = datetime(2018, 2, 5, 14, 0, 3, tzinfo=UTC)
HISTORY = "https://example.invalid/api/v3/coins/ethereum/market_chart/range?from=1"
LINE = ImportedLine("prices.csv", "ab" * 32, 7, TIME + timedelta(days=1), '2018-02-05 14:00,"0.5"')
WRITTEN = """{
 "format": 2,
 "pipeline": "majors",
 "moment": "2018-02-05T14:00:00Z",
 "vs_currency": "usd",
 "part": 2,
 "observations": [
  {"source": 0, "timestamp": "2018-02-05T14:00:00Z", "coin": "bitcoin", "vs_currency": "usd", \
"price": "6955.270", "change_1h_percent": "-8.16", "change_24h_percent": "", \
"market_cap": "117240543210", "total_volume": "", "last_updated": "2018-02-05T13:59:47Z"},
  {"source": 1, "timestamp": "2018-02-05T14:00:00Z", "coin": "ethereum", "vs_currency": "usd", \
"price": "697.10", "change_1h_percent": "-8.16", "change_24h_percent": "", \
"market_cap": "117240543210", "total_volume": "", "last_updated": "2018-02-05T13:59:47Z"},
  {"source": 2, "timestamp": "2018-02-05T14:00:00Z", "coin": "xrp", "vs_currency": "usd", \
"price": "0.5", "change_1h_percent": "-8.16", "change_24h_percent": "", \
"market_cap": "117240543210", "total_volume": "", "last_updated": "2018-02-05T13:59:47Z"}
 ],
 "sources": [
  {"kind": "coingecko_quote", \
"url": "https://example.invalid/api/v3/coins/markets?vs_currency=usd&ids=bitcoin", \
"requested_at": "2018-02-05T14:00:03Z", "status": 200, "sha256": "%s", "bytes": 71},
  {"kind": "coingecko_history", \
"url": "https://example.invalid/api/v3/coins/ethereum/market_chart/range?from=1", \
"requested_at": "2018-02-05T14:00:03Z", "status": 200, "sha256": "%s", "bytes": 28},
  {"kind": "import", "file": "prices.csv", "file_sha256": "%s", "line": 7, \
"requested_at": "2018-02-06T14:00:03Z", "sha256": "%s", "bytes": 26}
 ],
 "answers": [
{"id": "bitcoin", "current_price":6955.270,\t"name": "\\u0042itcoin ₿"},
{"prices":[
[1.5e3,697.10]]},
"2018-02-05 14:00,\\"0.5\\""
 ],
 "sha256": "%s"
}
"""

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.just(',\n "answers": [\n')
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
answers = st.builds(
    json.dumps, values, ensure_ascii=st.booleans(), indent=st.none() | st.sampled_from([0, 3, "\r\n"])
)
times = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda time: time.replace(microsecond=0)
)
provenances = st.builds(
    Provenance,
    st.just("https://example.invalid/") | words | st.just(HISTORY),
    times,
    st.integers(0, 999),
    answers,
)
lines = st.builds(ImportedLine, words, words, st.integers(1), times, st.text(max_size=30))


@st.composite
def parts(draw: st.DrawFn, observations: SearchStrategy[Observation]) -> Part:
    """Any part; its coins may share sources."""
    first = draw(observations)
    sources = draw(st.lists(provenances | lines, min_size=1, max_size=3))
    coins = sorted(
        draw(st.sets(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,9}", fullmatch=True), min_size=1, max_size=5))
    )
    snapshots: list[Archived] = []
    for coin in coins:
        observation = replace(
            draw(observations), coin=coin, moment=first.moment, vs_currency=first.vs_currency
        )
        source = draw(st.sampled_from(sources))
        if isinstance(source, ImportedLine):
            snapshots.append(ImportedObservation(observation, source))
        else:
            snapshots.append(Snapshot(observation, source))
    return Part(draw(words), draw(st.integers(1, 10**6)), tuple(snapshots))


@pytest.fixture
def part(snapshot: Snapshot) -> Part:
    """A coin of each kind of source."""
    ether = replace(snapshot.observation, coin="ethereum", price=Decimal("697.10"))
    xrp = replace(snapshot.observation, coin="xrp", price=Decimal("0.5"))
    history = Provenance(HISTORY, TIME, 200, '{"prices":[\n[1.5e3,697.10]]}')
    return Part("majors", 2, (snapshot, Snapshot(ether, history), ImportedObservation(xrp, LINE)))


def _proved(content: str) -> bytes:
    """A content with the hash at its end that fits."""
    body, _, _ = content.rpartition(',\n "sha256"')
    return f'{body},\n "sha256": "{sha256(body.encode()).hexdigest()}"\n}}\n'.encode()


def test_the_bytes_of_a_part(part: Part) -> None:
    stored = [*(each.provenance.answer for each in part.snapshots[:2]), json.dumps(LINE.answer)]
    first, second, third = (sha256(answer.encode()).hexdigest() for answer in stored)
    body = WRITTEN % (first, second, LINE.file_sha256, third, "")
    assert encode(part) == _proved(body)
    assert decode(encode(part)) == part
    assert json.loads(encode(part))["answers"] == [json.loads(answer) for answer in stored]


@settings(max_examples=60)
@given(data=st.data())
def test_any_part_reads_back_letter_for_letter(
    data: st.DataObject, observations: SearchStrategy[Observation]
) -> None:
    part = data.draw(parts(observations))
    content = encode(part)
    assert decode(content) == part
    assert encode(decode(content)) == content
    assert decode_head(content) == Head(tuple(each.observation for each in part.snapshots), part.requested_at)


@settings(max_examples=40)
@given(data=st.data())
def test_any_changed_byte_is_found(data: st.DataObject, observations: SearchStrategy[Observation]) -> None:
    content = encode(data.draw(parts(observations)))
    place = data.draw(st.integers(0, len(content) - 1))
    changed = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))
    with pytest.raises(ValueError, match=r"."):
        decode(content[:place] + bytes([changed]) + content[place + 1 :])


def test_each_byte_that_changes_or_is_lost_is_found(part: Part) -> None:
    content = encode(part)
    for place in range(len(content)):
        for changed in (b"", bytes([content[place] ^ 1]), bytes([content[place]]) * 2):
            with pytest.raises(ValueError, match=r"."):
                decode(content[:place] + changed + content[place + 1 :])
        with pytest.raises(ValueError, match="it doesn't end in its SHA-256"):
            decode(content[:place])


def test_coins_of_one_source_store_it_once(snapshot: Snapshot) -> None:
    other = replace(snapshot.observation, coin="ethereum")
    content = encode(Part("majors", 1, (snapshot, Snapshot(other, snapshot.provenance))))
    document = json.loads(content)
    assert [each["source"] for each in document["observations"]] == [0, 0]
    assert len(document["sources"]) == len(document["answers"]) == 1


@pytest.mark.parametrize(
    ("pattern", "replacement", "reason"),
    [
        (r'"format": 2', '"format": 3', "format 3 instead of 2"),
        (r'"part": 2', '"part": "2"', "it isn't written as snapshots are"),
        (r'"part": 2', '"part": 2.5', "part is no whole number"),
        (r'"pipeline": "majors"', '"pipeline":  "majors"', "it isn't written as snapshots are"),
        (r'"moment": "[^"]*"', '"moment": "2018-02-05T15:00:00Z"', "it isn't written as snapshots are"),
        (r'"observations": \[[^]]*\]', '"observations": {}', "it has no observations"),
        (r'"observations": \[[^]]*\]', '"observations": []', "it has no observation"),
        (r'"source": 2', '"source": 3', "there is no source 3"),
        (r'"source": 2', '"source": -1', "there is no source -1"),
        (r'"source": 1', '"source": 0', "it isn't written as snapshots are"),
        (r'"coin": "xrp"', '"coin": "a"', "its coins are not in order, each once"),
        (r'"coin": "xrp"', '"coin": "ethereum"', "its coins are not in order, each once"),
        (
            r'"vs_currency": "usd", "price": "0.5"',
            '"vs_currency": "eur", "price": "0.5"',
            "several moments or",
        ),
        (r'"price": "0.5"', '"price": "1e999999999"', "price is '1e999999999', not written as digits"),
        (r'"price": "0.5"', '"price": 0.5', "a value of the observation is not text"),
        (r'"price": "0.5"', '"price": "0"', "price is '0', not above zero"),
        (r'"kind": "coingecko_history"', '"kind": "coingecko_quote"', "it isn't written as snapshots are"),
        (r'"kind": "import"', '"kind": "exchange"', "a source is of an unknown kind 'exchange'"),
        (r'"bytes": 71', '"bytes": 70', "an answer's SHA-256 doesn't fit"),
        (r'"bytes": 71', f'"bytes": {"9" * 5000}', "bytes is no whole number"),
        (r'"line": 7', '"line": null', "line is no whole number"),
        (
            r'"status": 200, "sha256": "[^"]*", "bytes": 28',
            '"status": 200, "bytes": 28',
            "SHA-256 doesn't fit",
        ),
        (r"697\.10\]\]", "697.11]]", "an answer's SHA-256 doesn't fit"),
        (r" \],\n \"sha256\"", ' ,7],\n "sha256"', "it isn't written as snapshots are"),
    ],
)
def test_what_is_wrong_is_reported_even_where_the_last_hash_fits(
    part: Part, pattern: str, replacement: str, reason: str
) -> None:
    text, count = re.subn(pattern, lambda _: replacement, encode(part).decode(), count=1)
    assert count == 1
    with pytest.raises(ValueError, match=re.escape(reason)):
        decode(_proved(text))


@pytest.mark.parametrize("answer", ["", "not JSON", '{"a": NaN}', '{"a": 1}, {"b": 2}', "{"])
def test_an_answer_that_is_not_json_is_not_archived(snapshot: Snapshot, answer: str) -> None:
    changed = replace(snapshot, provenance=replace(snapshot.provenance, answer=answer))
    with pytest.raises(ValueError, match=r"is not JSON|is no JSON number"):
        encode(Part("majors", 1, (changed,)))
