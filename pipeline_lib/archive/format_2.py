"""The second format of ``<timestamp>.json``: coins of a run, their sources, the answers letter for letter.

::

    {
     "format": 2,
     "pipeline": "majors",
     "moment": "2018-02-05T14:00:00Z",
     "vs_currency": "usd",
     "part": 1,
     "missing": ["dogecoin"],
     "observations": [
      {"source": 0, "timestamp": "2018-02-05T14:00:00Z", "coin": "bitcoin", "price": "6955.270", …}
     ],
     "sources": [
      {"kind": "coingecko_quote", "url": …, "requested_at": …, "status": 200, "sha256": "…", "bytes": 57}
     ],
     "answers": [
    {"id": "bitcoin", "current_price": 6955.270, …}
     ],
     "sha256": "…"
    }

Missing are coins that belong to the pipeline at the moment and could not be had; without any there is no
such line. An observation names its source by its place in the list, from 0; sources and answers go in pairs.
SHA-256 and bytes of a source are those of the answer as it stands in the file. A source of the kind
``import`` has file, file_sha256 and line instead of URL and status, and its answer is the line as a JSON
text. The last SHA-256 is that of all bytes up to the list's closing bracket.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, TypeAlias

from pipeline_lib.archive.json_fields import mapping, read_observation
from pipeline_lib.archive.part import Head, Part
from pipeline_lib.archive.rows import from_fields, to_fields
from pipeline_lib.common.http.bounded_json import read_json
from pipeline_lib.common.timestamps import format_moment, parse_moment
from pipeline_lib.model.observation import Archived, ImportedLine, ImportedObservation, Provenance, Snapshot

_FORMAT = 2
_QUOTE, _HISTORY, _IMPORT = "coingecko_quote", "coingecko_history", "import"
_MISSING_START = b',\n "missing": '
_OBSERVATIONS_START = b',\n "observations": '
_SOURCES_START = b',\n "sources": '
_REQUESTED_AT = re.compile(rb'"requested_at": "([^"]*)"')
_ANSWERS_START = b',\n "answers": [\n'
_BETWEEN_ANSWERS = b",\n"
_ANSWERS_END = b"\n ]"
_PROOF = re.compile(rb',\n "sha256": "([0-9a-f]{64})"\n}\n')
_DECODER = json.JSONDecoder()
_PROOF_BYTES = len(',\n "sha256": ""\n}\n') + 64

_Source: TypeAlias = Provenance | ImportedLine


def encode(part: Part) -> bytes:
    """The bytes of ``<timestamp>.json``; the same part gives the same bytes.

    Raises:
        ValueError: An answer is not JSON, or the part doesn't name its pipeline.
    """
    if part.pipeline is None:
        raise ValueError("it doesn't name its pipeline")
    sources = list(dict.fromkeys(each.provenance for each in part.snapshots))
    answers = [_answer(source) for source in sources]
    places = {source: place for place, source in enumerate(sources)}
    head = {
        "format": _FORMAT,
        "pipeline": part.pipeline,
        "moment": format_moment(part.moment),
        "vs_currency": part.vs_currency,
        "part": part.number,
    } | ({"missing": part.missing} if part.missing else {})
    observations = [
        {"source": places[each.provenance]} | to_fields(each.observation) for each in part.snapshots
    ]
    described = [_describe(source, answer) for source, answer in zip(sources, answers, strict=True)]
    content = b"".join(
        [
            b"{\n" + b",\n".join(f' "{name}": {json.dumps(value)}'.encode() for name, value in head.items()),
            _OBSERVATIONS_START + _list(observations),
            _SOURCES_START + _list(described),
            _ANSWERS_START + _BETWEEN_ANSWERS.join(answers) + _ANSWERS_END,
        ]
    )
    return content + f',\n "sha256": "{sha256(content).hexdigest()}"\n}}\n'.encode()


def decode(content: bytes) -> Part:
    """Read the bytes of ``<timestamp>.json``, and prove them by their hashes and by their form.

    Raises:
        ValueError: They are no part, or not letter for letter as parts are written; the text says why.
    """
    head, _, rest = _proven(content).partition(_ANSWERS_START)
    fields = mapping(read_json(head.decode() + "}"))
    if fields.get("format") != str(_FORMAT):
        raise ValueError(f"format {fields.get('format')!r} instead of {_FORMAT}")
    described = [mapping(source) for source in _items(fields, "sources")]
    answers = _split_answers(rest, [_whole_number(source, "bytes") for source in described])
    sources = [_read_source(source, answer) for source, answer in zip(described, answers, strict=True)]
    snapshots = tuple(_read_snapshot(fields, sources) for fields in _items(fields, "observations"))
    missing = tuple(map(str, _items(fields, "missing"))) if "missing" in fields else ()
    part = Part(str(fields.get("pipeline")), _whole_number(fields, "part"), snapshots, missing)
    if encode(part) != content:
        raise ValueError("it isn't written as snapshots are")
    return part


def decode_head(content: bytes) -> Head:
    """Read what stands before the answers, of bytes that a hash has proved to be those of ``encode``.

    Takes a fraction of the time of ``decode``.
    """
    # No text in JSON holds a line end or a bare quote, so these stand in no value. Times sort as their texts.
    start, end = content.index(_OBSERVATIONS_START), content.index(_SOURCES_START)
    observations, _ = _DECODER.raw_decode(content[start + len(_OBSERVATIONS_START) : end].decode())
    requested_at = _REQUESTED_AT.findall(content, end, content.index(_ANSWERS_START, end))
    missing = content.find(_MISSING_START, 0, start)
    names = json.loads(content[missing + len(_MISSING_START) : start].decode()) if missing >= 0 else ()
    return Head(tuple(map(from_fields, observations)), parse_moment(max(requested_at).decode()), tuple(names))


def _proven(content: bytes) -> bytes:
    """All before the hash at the end, which proves it."""
    found = _PROOF.fullmatch(content, max(0, len(content) - _PROOF_BYTES))
    if found is None:
        raise ValueError("it doesn't end in its SHA-256")
    proven = content[: found.start()]
    if sha256(proven).hexdigest() != found[1].decode():
        raise ValueError("its SHA-256 doesn't fit")
    return proven


def _list(values: Sequence[Mapping[str, object]]) -> bytes:
    return ("[\n" + ",\n".join(f"  {json.dumps(value)}" for value in values) + "\n ]").encode()


def _answer(source: _Source) -> bytes:
    """The answer as it stands in the file: JSON, whatever it is."""
    if isinstance(source, ImportedLine):
        return json.dumps(source.answer).encode()
    read_json(source.answer)
    return source.answer.encode()


def _describe(source: _Source, answer: bytes) -> dict[str, object]:
    proof: dict[str, object] = {"sha256": sha256(answer).hexdigest(), "bytes": len(answer)}
    requested_at = format_moment(source.requested_at)
    if isinstance(source, ImportedLine):
        return {
            "kind": _IMPORT,
            "file": source.file,
            "file_sha256": source.file_sha256,
            "line": source.line,
            "requested_at": requested_at,
        } | proof
    return {
        "kind": _HISTORY if source.is_historic else _QUOTE,
        "url": source.url,
        "requested_at": requested_at,
        "status": source.status,
    } | proof


def _split_answers(rest: bytes, lengths: Sequence[int]) -> Iterator[bytes]:
    start = 0
    for length in lengths:
        yield rest[start : start + length]
        start += length + len(_BETWEEN_ANSWERS)


def _read_source(described: Mapping[str, Any], answer: bytes) -> _Source:
    if described.get("sha256") != sha256(answer).hexdigest():
        raise ValueError("an answer's SHA-256 doesn't fit")
    text = answer.decode()
    requested_at = parse_moment(str(described.get("requested_at")))
    kind = described.get("kind")
    if kind == _IMPORT:
        return ImportedLine(
            file=str(described.get("file")),
            file_sha256=str(described.get("file_sha256")),
            line=_whole_number(described, "line"),
            requested_at=requested_at,
            answer=str(read_json(text)),
        )
    if kind not in (_QUOTE, _HISTORY):
        raise ValueError(f"a source is of an unknown kind {kind!r}")
    return Provenance(str(described.get("url")), requested_at, _whole_number(described, "status"), text)


def _read_snapshot(value: object, sources: Sequence[_Source]) -> Archived:
    fields = mapping(value)
    place = _whole_number(fields, "source")
    if not 0 <= place < len(sources):
        raise ValueError(f"there is no source {place}")
    observation, source = read_observation(_without_source(fields)), sources[place]
    if isinstance(source, ImportedLine):
        return ImportedObservation(observation, source)
    return Snapshot(observation, source)


def _without_source(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in fields.items() if name != "source"}


def _items(fields: Mapping[str, Any], name: str) -> Sequence[object]:
    values = fields.get(name)
    if not isinstance(values, list):
        raise ValueError(f"it has no {name}")  # noqa: TRY004 (a value of a file, not of a caller)
    return values


def _whole_number(fields: Mapping[str, Any], name: str) -> int:
    try:
        return int(str(fields.get(name)))
    except ValueError as error:
        raise ValueError(f"{name} is no whole number") from error
