"""The step that tells people about abnormal moves."""

from pipeline_lib.alerts.messages import AbnormalMove, PriceAlert, slack_message
from pipeline_lib.alerts.slack import SlackWebhook
from pipeline_lib.analysis.price_moves import crossed_thresholds, price_moves
from pipeline_lib.analysis.processed import price_points
from pipeline_lib.analysis.rolling import PricePoint
from pipeline_lib.observation import Observation
from pipeline_lib.outcome import Done, Outcome, Skipped
from pipeline_lib.settings import WEBHOOK_VARIABLE
from pipeline_lib.spec import PipelineSpec
from pipeline_lib.steps.run import Access, Run
from pipeline_lib.store import raw_log
from pipeline_lib.store.delivered_alerts import record_delivery, was_delivered
from pipeline_lib.store.layout import Layout
from pipeline_lib.store.locking import exclusive
from pipeline_lib.store.snapshots import read_snapshot


def send_price_alerts(spec: PipelineSpec, run: Run, access: Access) -> Outcome:
    """Tell Slack about the run's abnormal moves, once.

    Raises:
        AlertError: The message wasn't delivered.
        StoreError: The run's snapshot is missing or damaged.
    """
    if run.is_backfill and not spec.alerts.on_backfill:
        return Skipped("backfilled runs alert nobody")
    layout = Layout.of(spec.name, access.settings)
    observation = read_snapshot(layout, run.moment).observation
    moves = price_moves(observation, _history_for_moves(observation, layout))
    crossed = crossed_thresholds(moves, spec.thresholds)
    if not crossed:
        return Done("no move reaches its threshold")
    told = ", ".join(f"{move.horizon.label} {move.change_percent:+.2f} %" for move in crossed)
    # The lock makes two processes of one run tell once.
    with exclusive(layout.alerts / "delivery"):
        if was_delivered(layout, run.moment):
            return Done(f"{told}: delivered before")
        webhook = access.find_slack_webhook()
        if webhook is None:
            variable = spec.alerts.webhook_variable or WEBHOOK_VARIABLE
            return Skipped(f"{told}: not told, since {variable} is not set")
        message = slack_message(
            PriceAlert(
                pipeline=spec.name,
                coin=spec.coin,
                vs_currency=spec.vs_currency,
                price=observation.price,
                moment=run.moment,
                moves=[
                    AbnormalMove(move.horizon.label, move.change_percent, move.threshold_percent)
                    for move in crossed
                ],
                run_url=run.url,
            )
        )
        SlackWebhook(webhook).deliver(message)
        record_delivery(layout, run.moment, message)
    return Done(f"{told}: told Slack")


def _history_for_moves(observation: Observation, layout: Layout) -> list[PricePoint]:
    # Only a move that the source left out needs the whole log.
    if None in (observation.change_1h_percent, observation.change_24h_percent):
        return price_points(raw_log.read(layout.raw_log))
    return []
