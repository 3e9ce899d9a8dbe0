"""Faults as JSON, for those who steer the simulator over HTTP."""

from collections.abc import Mapping
from dataclasses import fields

from pipeline_lib.simulator.faults.queue import Fault
from pipeline_lib.simulator.http.json_text import Json

_TYPES: Mapping[str, tuple[type, ...]] = {
    "kind": (str,),
    "times": (int,),
    "path": (str,),
    "status": (int,),
    "retry_after": (int, str),
    "body": (str,),
    "error_code": (int,),
    "seconds": (int, float),
    "field": (str,),
    "value": (object,),
    "coin": (str,),
    "location": (str,),
}


def faults_from_json(document: object) -> tuple[Fault, ...]:
    """Read one fault, or a list of them.

    Raises:
        ValueError: The document doesn't describe faults; says which key is wrong.
    """
    if isinstance(document, list):
        return tuple(_fault(item) for item in document)
    return (_fault(document),)


def fault_to_json(fault: Fault) -> dict[str, Json]:
    """``fault`` with the keys that are set; ``times`` is always there."""
    document = {field.name: getattr(fault, field.name) for field in fields(fault)}
    return {name: value for name, value in document.items() if value is not None or name == "times"}


def _fault(document: object) -> Fault:
    if not isinstance(document, dict):
        raise ValueError("a fault is a JSON object")  # noqa: TRY004 - wrong input, not a wrong call
    for key, value in document.items():
        if key not in _TYPES:
            raise ValueError(f"unknown key {key!r}, expected one of {', '.join(_TYPES)}")
        # JSON's true is no number, though Python's is.
        fits = isinstance(value, _TYPES[key]) and (key == "value" or not isinstance(value, bool))
        if value is not None and not fits:
            names = " or ".join(kind.__name__ for kind in _TYPES[key])
            raise ValueError(f"{key} is {value!r}, not of type {names}")
    if "kind" not in document:
        raise ValueError("a fault needs kind")
    return Fault(**document)
