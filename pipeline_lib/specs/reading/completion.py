"""A spec file and the defaults → ``PipelineSpec``, or every diagnostic with its place."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline_lib.errors import InvalidSpecsError
from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.specs.checks.schema import with_defaults
from pipeline_lib.specs.checks.schema_violations import find_broken_paths, find_schema_violations, show_value
from pipeline_lib.specs.checks.semantics import find_semantic_violations
from pipeline_lib.specs.model import PipelineSpec
from pipeline_lib.specs.reading.building import build_spec
from pipeline_lib.specs.reading.documents import Document, check_file_name, read_document, read_line
from pipeline_lib.specs.reading.merging import merge, with_bare_coins, with_layout
from pipeline_lib.specs.yaml.text import Position, find_positions, has_path

_PLAIN_KEY = re.compile(r"[!-~]{1,60}")


def read_spec(path: Path, defaults: Document | None) -> PipelineSpec:
    """Read, complete and check one spec file.

    Raises:
        InvalidSpecsError: With everything that is wrong in the file, or through it in the defaults.
    """
    misnamed = check_file_name(path)
    try:
        spec = complete_spec(read_document(path), defaults)
    except InvalidSpecsError as error:
        raise InvalidSpecsError((*misnamed, *error.diagnostics)) from error
    if misnamed:
        raise InvalidSpecsError(misnamed)
    return spec


def complete_spec(document: Document, defaults: Document | None) -> PipelineSpec:
    """Complete and check a spec that is read already.

    Raises:
        InvalidSpecsError: With everything that is wrong in the document, or through it in the defaults.
    """
    merged = merge(defaults.data if defaults else {}, with_bare_coins(document.data))
    complete = with_defaults(with_layout(merged))
    diagnostics = list(find_schema_violations(merged))
    diagnostics += find_semantic_violations(complete, find_broken_paths(merged) if diagnostics else ())
    if diagnostics:
        raise InvalidSpecsError(place_diagnostics(diagnostics, document, defaults))
    return build_spec(document.path.stem, complete)


def place_diagnostics(
    diagnostics: Sequence[Diagnostic], document: Document, defaults: Document | None
) -> tuple[Diagnostic, ...]:
    """The diagnostics with their places in files, in order of place.

    Args:
        diagnostics: What is wrong with the spec, without places.
        document: The spec.
        defaults: What its folder's specs share, or None. What only they say is placed in them.
    """
    inherited = {
        diagnostic
        for diagnostic in diagnostics
        if defaults
        and not has_path(document.data, diagnostic.path)
        and has_path(defaults.data, diagnostic.path)
    }
    placed = _place_in(document, [diagnostic for diagnostic in diagnostics if diagnostic not in inherited])
    if defaults and inherited:
        placed += _place_in(defaults, [diagnostic for diagnostic in diagnostics if diagnostic in inherited])
    return tuple(sorted(placed, key=lambda each: (str(each.file), each.line, each.column)))


def _place_in(source: Document, diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    positions = find_positions(source.text, [diagnostic.path for diagnostic in diagnostics])
    return [
        replace(
            diagnostic,
            path=tuple(map(_show_step, diagnostic.path)),
            file=source.path,
            line=position.line,
            column=position.column,
            source_line=_shown_line(source, diagnostic, position),
        )
        for diagnostic, position in zip(diagnostics, positions, strict=True)
    ]


def _shown_line(source: Document, diagnostic: Diagnostic, position: Position) -> str:
    # What isn't in the file, such as a key that is missing, stands in no line of it.
    is_there = diagnostic.path and has_path(source.data, diagnostic.path[:1])
    return read_line(source.text, position.line) if is_there else ""


def _show_step(step: str | int) -> str | int:
    # A key is free to hold line breaks and whole books.
    return show_value(step) if isinstance(step, str) and not _PLAIN_KEY.fullmatch(step) else step
