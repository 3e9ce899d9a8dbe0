"""The fields of an answer and their JSON types, as known so far: a change is reported once."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_lib.common.counting import counted
from pipeline_lib.common.http.bounded_json import NumberText, read_json
from pipeline_lib.common.http.foreign_text import shorten

_NAMES: Mapping[type, str] = {
    bool: "boolean",
    NumberText: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Field:
    """What is known of one field.

    Attributes:
        types: The JSON types that its values had, without null; int and float are one.
        is_optional: Whether an answer has come without it.
    """

    types: frozenset[str]
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields that answers have had, by name.

    A shape only ever grows. So a change is reported once, also where some coins have a field and others
    don't, and in whatever order processes learn of it.
    """

    fields: Mapping[str, Field]

    @classmethod
    def of_answer(cls, text: str) -> "Shape | None":
        """The shape of a JSON object; None for any other JSON value."""
        answer = read_json(text)
        if not isinstance(answer, dict):
            return None
        return cls({name: Field(_types(value)) for name, value in answer.items()})

    @classmethod
    def from_document(cls, document: object) -> "Shape":
        """The shape that :meth:`to_document` made this of.

        Raises:
            ValueError: The document is none.
        """
        try:
            return cls(
                {
                    str(name): Field(frozenset(map(str, field["types"])), bool(field["optional"]))
                    for name, field in document["fields"].items()  # type: ignore[index]
                }
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError("no shape of an answer") from error

    def to_document(self) -> dict[str, object]:
        """The shape as JSON values; equal shapes give equal text."""
        return {
            "fields": {
                name: {"types": sorted(field.types), "optional": field.is_optional}
                for name, field in sorted(self.fields.items())
            }
        }

    def joined(self, seen: "Shape") -> "Shape":
        """What is known after an answer of shape ``seen``."""
        return Shape({name: self._joined_field(name, seen) for name in sorted({*self.fields, *seen.fields})})

    def changes_in(self, seen: "Shape") -> tuple[str, ...]:
        """What an answer of shape ``seen`` shows that wasn't known, for people; empty when it fits."""
        changes = [self._change(name, seen) for name in sorted({*self.fields, *seen.fields})]
        shown = [change for change in changes if change]
        more = len(shown) - _MOST_SHOWN
        return tuple(shown[:_MOST_SHOWN] + ([f"and {counted(more, 'more change')}"] if more > 0 else []))

    def _joined_field(self, name: str, seen: "Shape") -> Field:
        known, found = self.fields.get(name), seen.fields.get(name)
        if known is None or found is None:
            there = known or found or Field(frozenset())
            return Field(there.types, is_optional=True)
        return Field(known.types | found.types, known.is_optional or found.is_optional)

    def _change(self, name: str, seen: "Shape") -> str | None:
        known, found = self.fields.get(name), seen.fields.get(name)
        shown = shorten(name)
        if known is None and found is not None:
            return f"new field {shown} ({_list(found.types)})"
        if known is not None and found is None:
            return None if known.is_optional else f"field {shown} is gone"
        if known is None or found is None or not known.types or found.types <= known.types:
            return None
        return f"field {shown} is {_list(found.types)}, was {_list(known.types)}"


def _types(value: object) -> frozenset[str]:
    return frozenset() if value is None else frozenset({_NAMES[type(value)]})


def _list(types: frozenset[str]) -> str:
    return " or ".join(sorted(types)) or "null"
