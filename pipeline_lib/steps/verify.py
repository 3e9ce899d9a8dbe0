"""Verification: what a pipeline has on disk and on S3, checked against its archive."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pipeline_lib.errors import S3RefusedError, S3UnavailableError
from pipeline_lib.model.difference import Check, Difference
from pipeline_lib.model.outcome import Skipped
from pipeline_lib.publishing.s3 import Destination, Source
from pipeline_lib.publishing.s3.verification import compare_with_s3
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.run import Services
from pipeline_lib.steps.upload import find_destination, open_source
from pipeline_lib.steps.verify_files import check_archive, check_log, check_manifests
from pipeline_lib.steps.verify_table import check_processed

if TYPE_CHECKING:
    from pipeline_lib.specs import Window


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification of one pipeline says.

    Attributes:
        differences: Everything that isn't as the archive says.
        s3_skipped: Why its objects weren't compared, or an empty string.
    """

    differences: tuple[Difference, ...]
    s3_skipped: str = ""


def verify(spec: PipelineSpec, services: Services) -> Verification:
    """Check manifests, archive, raw log, processed table and S3 against each other; nothing is changed.

    S3 that refuses or is away is a difference: what can't be compared is not proved.

    Raises:
        S3RefusedError: The credentials can't be used.
        StoreBusyError: Another process holds log or table for too long.
        DatabaseError: The database can't be used.
        OSError: A file can't be read.
    """
    layout = Layout.of(spec.name, services.settings)
    destination = find_destination(spec, services)
    differences = [difference for check in local_checks(layout, spec.windows) for difference in check()]
    if isinstance(destination, Skipped):
        return Verification(tuple(differences), destination.reason)
    differences.extend(_compare_with_s3(open_source(spec, services), destination))
    return Verification(tuple(differences))


def local_checks(layout: Layout, windows: "Sequence[Window]") -> tuple[Check, ...]:
    """The checks of one pipeline's files, from the archive to what is derived last."""
    return (
        partial(check_manifests, layout),
        partial(check_archive, layout),
        partial(check_log, layout),
        partial(check_processed, layout, windows),
    )


def _compare_with_s3(source: Source, destination: Destination) -> Iterator[Difference]:
    try:
        yield from compare_with_s3(source, destination)
    except (S3UnavailableError, S3RefusedError) as error:
        place = destination.bucket.location(destination.prefix)
        yield Difference(place, f"can't be compared: {error.message}", error.hint or "try again later")
