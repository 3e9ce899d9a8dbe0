"""What becomes of an answer that is refused: the quarantine keeps it."""

from http import HTTPStatus

from pipeline_lib.database.market import quarantine
from pipeline_lib.database.market.quarantine import RefusedAnswer
from pipeline_lib.errors import DatabaseError, UnusableAnswerError
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.run import Run, Services


def keep_refused(spec: PipelineSpec, run: Run, services: Services, error: UnusableAnswerError) -> None:
    """Keep the answer that ``error`` carries, unless that was done before; the error then tells where.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.
        error: The refusal.
    """
    if error.shown_by is not None:
        return
    refused = RefusedAnswer(
        pipeline=spec.name,
        coin=spec.coin,
        moment=run.moment,
        kind=error.KIND,
        reason=str(error),
        url=error.url,
        requested_at=error.requested_at,
        status=HTTPStatus.OK,
        answer=error.answer,
    )
    try:
        with services.database.writing() as connection:
            number = quarantine.keep(connection, refused)
    except (DatabaseError, OSError) as failure:
        # The reason of the refusal matters more than a full disk; both are reported.
        error.add_note(f"the refused answer could not be kept: {failure}")
        return
    error.shown_by = show_command(spec.name, number)


def show_command(pipeline: str, number: int) -> str:
    """The command that prints a refused answer."""
    return f"coin-pipelines quarantine {pipeline} {number}"
