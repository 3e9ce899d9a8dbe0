"""What becomes of an answer that is refused: the quarantine keeps it."""

from datetime import datetime
from http import HTTPStatus

from pipeline_lib.archive import quarantine
from pipeline_lib.archive.quarantine import RefusedAnswer
from pipeline_lib.errors import UnusableAnswerError
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout


def keep_refused(spec: PipelineSpec, moment: datetime, layout: Layout, error: UnusableAnswerError) -> None:
    """Keep the answer that ``error`` carries, unless that was done before; the error then tells where.

    Args:
        spec: The pipeline.
        moment: The moment of its run (UTC).
        layout: Its files.
        error: The refusal.
    """
    if error.kept_in is not None:
        return
    refused = RefusedAnswer(
        pipeline=spec.name,
        moment=moment,
        kind=error.KIND,
        reason=str(error),
        url=error.url,
        requested_at=error.requested_at,
        status=HTTPStatus.OK,
        answer=error.answer,
    )
    try:
        error.kept_in = quarantine.keep(layout.quarantine, refused)
    except OSError as failure:
        # The reason of the refusal matters more than a full disk; both are told.
        error.add_note(f"the refused answer could not be kept: {failure}")
