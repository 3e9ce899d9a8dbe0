"""What becomes of an answer that is refused: the quarantine keeps it."""

from collections.abc import Mapping
from http import HTTPStatus

from pipeline_lib.database.market import quarantine
from pipeline_lib.database.market.quarantine import RefusedAnswer
from pipeline_lib.errors import DatabaseError, MarketError, UnusableAnswerError
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps.run import Run, Services


def keep_refused(spec: PipelineSpec, run: Run, services: Services, errors: Mapping[str, MarketError]) -> None:
    """Keep the answers that errors carry, unless that was done before; the errors then tell where.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.
        errors: Why there is no observation, by coin; those that carry no answer have none to keep.
    """
    new = {
        coin: error
        for coin, error in errors.items()
        if isinstance(error, UnusableAnswerError) and error.shown_by is None
    }
    if not new:
        return
    try:
        with services.database.writing() as connection:
            numbers = {
                coin: quarantine.keep(connection, _refused(spec, run, coin, error))
                for coin, error in new.items()
            }
    except (DatabaseError, OSError) as failure:
        # The reason of the refusal matters more than a full disk; both are reported.
        for error in new.values():
            error.add_note(f"the refused answer could not be kept: {failure}")
        return
    for coin, error in new.items():
        error.shown_by = show_command(spec.name, numbers[coin])


def _refused(spec: PipelineSpec, run: Run, coin: str, error: UnusableAnswerError) -> RefusedAnswer:
    return RefusedAnswer(
        pipeline=spec.name,
        coin=coin,
        moment=run.moment,
        kind=error.KIND,
        reason=str(error),
        url=error.url,
        requested_at=error.requested_at,
        status=HTTPStatus.OK,
        answer=error.answer,
    )


def show_command(pipeline: str, number: int) -> str:
    """The command that prints a refused answer."""
    return f"coin-pipelines quarantine {pipeline} {number}"
