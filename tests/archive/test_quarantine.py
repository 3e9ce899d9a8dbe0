import base64
import errno
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline_lib.archive.quarantine import RefusedAnswer, find, keep

ANSWER = '{"id":"bitcoin",\t"current_price":-1, "name": "B\\u0069tcoin ₿ \\ud83d"}'.encode()
REFUSED = RefusedAnswer(
    pipeline="btc",
    moment=datetime(2018, 2, 5, 14, tzinfo=UTC),
    kind="invalid-quote",
    reason="current_price is -1",
    url="https://api.example/coins/markets?ids=bitcoin",
    requested_at=datetime(2018, 2, 5, 14, 0, 3, tzinfo=UTC),
    status=200,
    answer=ANSWER,
)


def test_a_refused_answer_is_kept_letter_for_letter_with_the_reason(tmp_path: Path) -> None:
    path = keep(tmp_path / "quarantine" / "btc", REFUSED)
    digest = sha256(ANSWER).hexdigest()
    assert path == tmp_path / "quarantine" / "btc" / f"20180205T140000Z-invalid-quote-{digest[:12]}.json"
    document = json.loads(path.read_bytes())
    assert document.pop("answer").encode() == ANSWER
    assert document == {
        "format": 1,
        "pipeline": "btc",
        "moment": "2018-02-05T14:00:00Z",
        "kind": "invalid-quote",
        "reason": "current_price is -1",
        "url": "https://api.example/coins/markets?ids=bitcoin",
        "requested_at": "2018-02-05T14:00:03Z",
        "status": 200,
        "sha256": digest,
    }


def test_the_same_answer_again_makes_no_second_file_and_changes_nothing(tmp_path: Path) -> None:
    path = keep(tmp_path, REFUSED)
    before = path.read_bytes()
    for minute in range(5):
        later = replace(REFUSED, requested_at=REFUSED.moment + timedelta(minutes=minute), reason="again")
        assert keep(tmp_path, later) == path
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"answer": ANSWER + b" "},
        {"kind": "implausible-jump"},
        {"moment": datetime(2018, 2, 5, 15, tzinfo=UTC)},
    ],
)
def test_another_answer_kind_or_moment_is_another_file(tmp_path: Path, change: dict[str, object]) -> None:
    assert keep(tmp_path, REFUSED) != keep(tmp_path, replace(REFUSED, **change))  # type: ignore[arg-type]
    assert len(list(tmp_path.iterdir())) == 2


def test_it_tells_what_was_refused_for_a_moment(tmp_path: Path) -> None:
    folder = tmp_path / "btc"
    assert find(folder, REFUSED.moment, ANSWER) is None
    kept = keep(folder, REFUSED)
    assert find(folder, REFUSED.moment, ANSWER) == kept
    assert find(folder, REFUSED.moment, ANSWER + b" ") is None
    assert find(folder, REFUSED.moment + timedelta(hours=1), ANSWER) is None


def test_what_is_no_text_is_kept_too(tmp_path: Path) -> None:
    answer = bytes(range(256))
    document = json.loads(keep(tmp_path, replace(REFUSED, answer=answer)).read_bytes())
    assert base64.b64decode(document["answer_base64"]) == answer
    assert "answer" not in document


def test_without_an_answer_the_reason_is_kept(tmp_path: Path) -> None:
    bare = replace(REFUSED, answer=None, url=None, requested_at=None, reason="odd \ud83d")
    document = json.loads(keep(tmp_path, bare).read_bytes())
    assert [document[key] for key in ("answer", "sha256", "url", "requested_at")] == [None] * 4
    assert document["reason"].startswith("odd ")


def test_nothing_is_left_of_a_write_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        keep(tmp_path, REFUSED)
    assert list(tmp_path.iterdir()) == []
