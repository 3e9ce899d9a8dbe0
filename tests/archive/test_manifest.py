from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.archive.manifest import Link, Manifest, Record, decode, encode, encode_link, encode_record

NOON = datetime(2018, 2, 5, 12, tzinfo=UTC)
LINK = Link(date(2018, 2, 4), "ab" * 32)


def _record(hours: int, part: int = 1) -> Record:
    json_sha256, csv_sha256 = (sha256(f"{hours}.{part}.{kind}".encode()).hexdigest() for kind in "jc")
    return Record(NOON + timedelta(hours=hours), json_sha256, csv_sha256, part)


records = st.builds(_record, st.integers(-10_000, 10_000), st.integers(1, 300))


@given(previous=st.none() | st.just(LINK), listed=st.lists(records, max_size=10))
def test_a_manifest_reads_back_as_it_was(previous: Link | None, listed: list[Record]) -> None:
    content = encode(previous, listed)
    assert decode(content) == Manifest(previous, tuple(listed), len(content))


def test_the_bytes_of_a_manifest() -> None:
    assert encode(LINK, [_record(0), _record(0, 2)]).decode() == (
        f"# previous 2018-02-04 {LINK.sha256}\n"
        f"{_record(0).json_sha256}  20180205T120000Z.json\n"
        f"{_record(0).csv_sha256}  20180205T120000Z.csv\n"
        f"{_record(0, 2).json_sha256}  20180205T120000Z.2.json\n"
        f"{_record(0, 2).csv_sha256}  20180205T120000Z.2.csv\n"
    )


def test_a_last_record_that_is_cut_is_left_out() -> None:
    whole = encode(None, [_record(0), _record(1)])
    kept = len(encode_link(None) + encode_record(_record(0)))
    for length in range(kept, len(whole)):
        assert decode(whole[:length]) == Manifest(None, (_record(0),), kept)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ((b"20180205T120000Z.csv", b"20180205T120000Z.2.csv"), "20180205T120000Z.json is followed by"),
        ((b"20180205T120000Z.json", b"20180205T120000Z.1.json"), "its line 2 is not the hash of a snapshot"),
        ((b"20180205T120000Z.json", b"20180205T120000Z.0.json"), "its line 2 is not the hash of a snapshot"),
        ((b"# first\n", b"# none\n"), "it doesn't begin with a link"),
    ],
)
def test_what_is_no_manifest_is_refused(changed: tuple[bytes, bytes], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode(encode(None, [_record(0)]).replace(*changed))
