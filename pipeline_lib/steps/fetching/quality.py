"""The gate between the market and the archive: what may become an observation."""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from pipeline_lib.archive import quarantine
from pipeline_lib.archive.quarantine import RefusedAnswer
from pipeline_lib.archive.snapshots import Snapshot
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import ImplausibleJumpError, MarketError, TableDamagedError, UnusableAnswerError
from pipeline_lib.market.evidence import evidence
from pipeline_lib.market.quality import find_jump
from pipeline_lib.model.observation import Observation
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.fetching.confirm_jump import TakeSnapshot, confirm_jump
from pipeline_lib.steps.fetching.live import TakenSnapshot
from pipeline_lib.steps.fetching.response_shapes import notice_shape
from pipeline_lib.steps.run import Run, Services
from pipeline_lib.store.log import raw_log

# A price of last month says nothing about a bad tick of today; a weekly pipeline still has its last one.
_OLDEST_REFERENCE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class CheckedSnapshot:
    """A snapshot that may be archived.

    Attributes:
        taken: As it was taken.
        warnings: What those who run the pipelines should know about it; a line each.
    """

    taken: TakenSnapshot
    warnings: tuple[str, ...]


def take_checked_snapshot(
    spec: PipelineSpec, run: Run, services: Services, take: TakeSnapshot
) -> CheckedSnapshot:
    """Take a snapshot with ``take``, and let it pass only if its price can follow the one before it.

    What is refused, here or by ``take``, is kept in the quarantine; the error tells where.

    Raises:
        ImplausibleJumpError: The price lies beyond ``quality.max_jump``, and no second look confirms it.
        MarketError: What ``take`` raises.
        StoreError: What ``take`` raises.
        OSError: The disk is full or read-only.
    """
    try:
        taken = take(spec, run, services)
        jump_warnings = _check_jump(spec, run, services, take, taken.snapshot)
    except UnusableAnswerError as error:
        if error.kept_in is None:
            _keep(spec, run, services, error)
        raise
    return CheckedSnapshot(
        taken, jump_warnings + notice_shape(services.settings.data_dir, taken.snapshot.provenance)
    )


def _check_jump(
    spec: PipelineSpec, run: Run, services: Services, take: TakeSnapshot, snapshot: Snapshot
) -> tuple[str, ...]:
    first, provenance = snapshot.observation, snapshot.provenance
    layout = Layout.of(spec.name, services.settings)
    try:
        before = raw_log.newest_before(layout.raw_log, run.moment, _OLDEST_REFERENCE)
    except TableDamagedError as error:
        # A log can be made again from the archive; an hour that isn't archived is gone.
        return (f"{spec.name}: the move since the price before could not be checked: {error}",)
    jump = find_jump(before.price, first.price, spec.quality.max_jump_percent) if before else None
    if before is None or jump is None:
        return ()
    move = f"{_told(first)} after {_told(before)}"
    try:
        look = confirm_jump(spec, run, services, take, snapshot)
    except MarketError as error:
        found, is_confirmed = f"failed: {error.message}", False
    else:
        found, is_confirmed = f"found {_told(look.observation)}", look.confirms(first, jump)
    if is_confirmed:
        return (f"{spec.name}: {move}, a move of {jump.percent:+.2f} %; a second look {found}",)
    with evidence(
        answer=provenance.answer.encode(), url=provenance.url, requested_at=provenance.requested_at
    ):
        raise ImplausibleJumpError(
            spec.coin,
            move,
            percent=jump.percent,
            limit_percent=jump.limit_percent,
            second_look=f"a second look {found}",
        )


def _told(observation: Observation) -> str:
    price = f"{observation.price:f} {observation.vs_currency.upper()}"
    return f"{price} of {format_moment(observation.last_updated)}"


def _keep(spec: PipelineSpec, run: Run, services: Services, error: UnusableAnswerError) -> None:
    refused = RefusedAnswer(
        pipeline=spec.name,
        moment=run.moment,
        kind=error.KIND,
        reason=str(error),
        url=error.url,
        requested_at=error.requested_at,
        status=HTTPStatus.OK,
        answer=error.answer,
    )
    try:
        error.kept_in = quarantine.keep(Layout.of(spec.name, services.settings).quarantine, refused)
    except OSError as failure:
        # The reason of the refusal matters more than a full disk; both are told.
        error.add_note(f"the refused answer could not be kept: {failure}")
