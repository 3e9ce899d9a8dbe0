"""The first format is read for ever: letter for letter, and damage shows."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pipeline_lib.archive.format_1 import decode, decode_head, encode
from pipeline_lib.archive.part import Head, Part
from pipeline_lib.archive.parts import decode_part
from pipeline_lib.model.observation import Observation, Provenance, Snapshot

TIME = datetime(2018, 2, 5, 14, tzinfo=UTC)

WRITTEN = """{
 "format": 1,
 "observation": {"timestamp": "2018-02-05T14:00:00Z", "coin": "bitcoin", "vs_currency": "usd", \
"price": "6955.270", "change_1h_percent": "-8.16", "change_24h_percent": "", \
"market_cap": "117240543210", "total_volume": "", "last_updated": "2018-02-05T13:59:47Z"},
 "source": {"url": "https://example.invalid/api/v3/coins/markets?vs_currency=usd&ids=bitcoin", \
"requested_at": "2018-02-05T14:00:03Z", "status": 200, \
"sha256": "fca5e199dd9c6f766540b6ec55847c5a07d57ffb96f2a7cdacaf1a5c5a2869b9"},
 "answer": {"id": "bitcoin", "current_price":6955.270,\t"name": "\\u0042itcoin ₿"}
}
"""

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.just('\n "answer": ')
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=10,
)
answers = st.builds(
    json.dumps,
    st.dictionaries(words, values, max_size=4),
    ensure_ascii=st.booleans(),
    indent=st.none() | st.sampled_from([0, 1, 3, "\t", "\r\n"]),
    separators=st.sampled_from([(",", ":"), (" ,\t", " :  ")]),
)


def _provenance(answer: str) -> Provenance:
    return Provenance(url="https://example.invalid/?a=b", requested_at=TIME, status=200, answer=answer)


def test_what_earlier_versions_wrote_is_read(snapshot: Snapshot) -> None:
    assert decode_part(WRITTEN.encode()) == Part(None, 1, (snapshot,))
    assert encode(snapshot) == WRITTEN.encode()


@given(data=st.data(), answer=answers)
def test_a_snapshot_reads_back_letter_for_letter(
    data: st.DataObject, answer: str, observations: SearchStrategy[Observation]
) -> None:
    snapshot = Snapshot(data.draw(observations), _provenance(answer))
    content = encode(snapshot)
    assert decode_part(content) == Part(None, 1, (snapshot,))
    assert decode_head(content) == Head((snapshot.observation,), TIME)
    assert json.loads(content)["answer"] == json.loads(answer)


@pytest.mark.parametrize(
    "answer",
    [
        '{"price": 1.10e+4, "p":  11000.00 , "big": 123456789012345678901234567890.10}',
        '{"name": "\\u20bf \\ud83d\\ude00 \\/ ₿ 😀 \u2028 \x7f"}',
        '{ \r\n\t"a" :\n[ ]\n}',
        f'{{"digits": {"9" * 5000}, "exponent": 1e99999999999999999999}}',
        '{"lists": ' + "[" * 1000 + "]" * 1000 + "}",
        '{"a": {\n "answer": {\n "answer": "b"\n}\n}\n}',
        '{"a": "\\n \\"answer\\": 5\\n}\\n"}',
        '{"a": 1, "a": 2}',
    ],
)
def test_an_answer_keeps_its_letters(observation: Observation, answer: str) -> None:
    snapshot = Snapshot(observation, _provenance(answer))
    content = encode(snapshot)
    assert content.endswith(f'\n "answer": {answer}\n}}\n'.encode())
    assert decode(content).snapshots[0].provenance.answer == answer


def test_each_changed_byte_of_the_answer_is_found(snapshot: Snapshot) -> None:
    content = encode(snapshot)
    for place in range(content.index(b'\n "answer": '), len(content)):
        for changed in (content[place] ^ 1, ord("1"), ord(" "), 0xFF):
            if changed == content[place]:
                continue
            with pytest.raises(ValueError, match=r"."):
                decode(content[:place] + bytes([changed]) + content[place + 1 :])


def test_a_digit_that_keeps_the_answer_valid_is_told_as_a_wrong_hash(snapshot: Snapshot) -> None:
    content = encode(snapshot).replace(b'"current_price":6955.270', b'"current_price":6956.270')
    with pytest.raises(ValueError, match="the answer's SHA-256 doesn't fit"):
        decode(content)


def test_a_file_cut_anywhere_is_found(snapshot: Snapshot) -> None:
    content = encode(snapshot)
    for length in range(len(content)):
        with pytest.raises(ValueError, match=r"."):
            decode(content[:length])


def test_damage_anywhere_raises_nothing_but_a_value_error(snapshot: Snapshot) -> None:
    content = encode(snapshot)
    answer_starts = content.index(b'\n "answer": ')
    found = 0
    for place in range(answer_starts):
        for changed in (b"", b"0", b'"', b"\n", b"\xff"):
            try:
                decode(content[:place] + changed + content[place + 1 :])
            except ValueError:
                found += 1
    assert found > answer_starts


@pytest.mark.parametrize(
    ("pattern", "replacement", "reason"),
    [
        (r'"format": 1', '"format": 2', "format 2 instead of 1"),
        (r'"format": 1,', "", "format None instead of 1"),
        (r'"observation": \{.*\},', "", "a part is missing"),
        (r'"source": \{.*\},', "", "a part is missing"),
        (r'"status": 200', '"status": null', "invalid literal"),
        (r'"status": 200', '"status": []', "invalid literal"),
        (r'"status": 200', '"status": 1e999', "invalid literal"),
        (r'"price": "[^"]*"', '"price": "1e999999999"', "price is '1e999999999', not written as digits"),
        (r'"price": "[^"]*"', '"price": 6955.27', "a value of the observation is not text"),
        (r'"timestamp": "[^"]*"', '"timestamp": 5', "a value of the observation is not text"),
        (r'"market_cap": "[^"]*"', '"market_cap": {}', "a value of the observation is not text"),
        (r'"market_cap": "[^"]*", ', "", "no market_cap"),
        (r'"requested_at": "[^"]*"', '"requested_at": "now"', "Invalid isoformat string: 'now'"),
        (r'\n "answer": ', '\n"answer": ', "the answer doesn't stand at its end"),
        (r"\}\n$", ' , "more": 1}\n', "the answer doesn't stand at its end"),
    ],
)
def test_what_is_wrong_is_told(snapshot: Snapshot, pattern: str, replacement: str, reason: str) -> None:
    text, count = re.subn(pattern, replacement, encode(snapshot).decode())
    assert count == 1
    with pytest.raises(ValueError, match=re.escape(reason)):
        decode(text.encode())
