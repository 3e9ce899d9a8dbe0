"""The first format of ``<timestamp>.json``: one coin, one source. It is read for ever, and no longer written.

The file ends in the coin's part of CoinGecko's answer, letter for letter, and holds that text's SHA-256.
"""

import json

from pipeline_lib.archive.json_fields import mapping, read_observation, sha256_of
from pipeline_lib.archive.part import Head, Part
from pipeline_lib.archive.rows import from_fields, to_fields
from pipeline_lib.common.http.bounded_json import read_json
from pipeline_lib.common.timestamps import format_moment, parse_moment
from pipeline_lib.model.observation import Provenance, Snapshot

STARTS = b'{\n "format": 1,'
"""What such a file begins with."""

_FORMAT = 1
_ANSWER_STARTS = '\n "answer": '
_ANSWER_ENDS = "\n}\n"


def encode(snapshot: Snapshot) -> bytes:
    """The bytes of ``<timestamp>.json``; the same snapshot gives the same bytes."""
    provenance = snapshot.provenance
    source = {
        "url": provenance.url,
        "requested_at": format_moment(provenance.requested_at),
        "status": provenance.status,
        "sha256": sha256_of(provenance.answer),
    }
    head = (
        f'{{\n "format": {_FORMAT},'
        f'\n "observation": {json.dumps(to_fields(snapshot.observation))},'
        f'\n "source": {json.dumps(source)},'
    )
    return (head + _ANSWER_STARTS + provenance.answer + _ANSWER_ENDS).encode()


def decode(content: bytes) -> Part:
    """Read the bytes of ``<timestamp>.json``.

    Raises:
        ValueError: They are no snapshot, or its hash doesn't fit; the text says why.
    """
    text = content.decode("utf-8")
    whole = mapping(read_json(text))
    if whole.get("format") != str(_FORMAT):
        raise ValueError(f"format {whole.get('format')!r} instead of {_FORMAT}")
    _, separator, rest = text.partition(_ANSWER_STARTS)
    if not separator or not rest.endswith(_ANSWER_ENDS):
        raise ValueError("the answer doesn't stand at its end")
    answer = rest[: -len(_ANSWER_ENDS)]
    source = mapping(whole.get("source"))
    if source.get("sha256") != sha256_of(answer):
        raise ValueError("the answer's SHA-256 doesn't fit")
    provenance = Provenance(
        url=str(source.get("url")),
        requested_at=parse_moment(str(source.get("requested_at"))),
        status=int(str(source.get("status"))),
        answer=answer,
    )
    snapshot = Snapshot(read_observation(whole.get("observation")), provenance)
    if encode(snapshot) != content:
        raise ValueError("it isn't written as snapshots are")
    return Part(None, 1, (snapshot,))


def decode_head(content: bytes) -> Head:
    """Read what stands before the answer, of bytes that a hash has proved to be those of ``encode``.

    Takes a fraction of the time of ``decode``.
    """
    fields = json.loads(content.partition(_ANSWER_STARTS.encode())[0].removesuffix(b",") + b"}")
    return Head((from_fields(fields["observation"]),), parse_moment(fields["source"]["requested_at"]))
