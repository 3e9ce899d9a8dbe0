"""The command that sends a test message."""

from datetime import UTC, datetime

import click

from pipeline_lib.alerts.messages.trial import trial_message
from pipeline_lib.alerts.rules import rules_of
from pipeline_lib.cli.connections import services_of
from pipeline_lib.cli.project import complete_names, current_settings, load_pipeline, reporting_errors
from pipeline_lib.errors import SettingsError
from pipeline_lib.settings import WEBHOOK_VARIABLE


@click.command()
@click.argument("pipeline", shell_complete=complete_names)
@reporting_errors
def test(pipeline: str) -> None:
    """Send a test message to where PIPELINE's alerts go.

    The message says that it is a test.

    \b
    Example:
      coin-pipelines alerts test bitcoin
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    settings = current_settings()
    spec = load_pipeline(settings, pipeline)
    services = services_of(spec, settings)
    webhook = services.find_slack_webhook()
    connection = spec.alerts.connection
    place = f"the connection {connection}" if connection else spec.alerts.webhook_variable or WEBHOOK_VARIABLE
    if webhook is None:
        raise SettingsError(place, "is not set", hint="it holds the address of a Slack incoming webhook")
    usual = spec.of_coin(next(iter(spec.coins.named), ""))
    rules = [rule.info for rule in rules_of(usual)]
    subject = usual.coin if spec.has_one_coin else spec.name
    services.open_slack(webhook).deliver(trial_message(spec.name, subject, rules, datetime.now(UTC)))
    click.echo(f"sent a test message to the webhook in {place}")
