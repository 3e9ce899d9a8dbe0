"""Airflow's connections on the command line: found as in a task, or the command is refused."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline_lib.cli.waiting import SpokenWait
from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import SettingsError
from pipeline_lib.settings import Settings
from pipeline_lib.specs import PipelineSpec
from pipeline_lib.steps import Services

if TYPE_CHECKING:
    from types import ModuleType

    from pipeline_lib.publishing.s3.objects import S3Account


def services_of(spec: PipelineSpec, settings: Settings) -> Services:
    """The services of a pipeline, with its own webhook and the connections that its spec names.

    What has to be waited for is waited for, with a word about it.
    """
    services = Services.from_settings(settings, SpokenWait())
    return with_connections(services.for_pipeline(spec, os.environ), spec)


def with_connections(services: Services, spec: PipelineSpec) -> Services:
    """Services with the connections that a spec names, looked up when they are needed.

    Finding a webhook or an account then raises ``SettingsError`` where the connection isn't known: what the
    environment has beside it is another channel's, or somebody else's.
    """
    slack, s3 = spec.alerts.connection, s3_connection(spec)
    if slack:
        services = replace(services, find_slack_webhook=lambda: _webhook_of(slack))
    if s3:
        services = replace(services, open_s3_account=lambda: _s3_account_of(s3))
    return services


def require_connections(*connection_ids: str | None) -> None:
    """Make sure, before a command does anything, that the connections are known that it will need.

    Args:
        connection_ids: The connections; None where a spec names none.

    Raises:
        SettingsError: One isn't known here.
    """
    for connection_id in filter(None, connection_ids):
        with _airflow(connection_id) as connections:
            connections.find_connection(connection_id)


def s3_connection(spec: PipelineSpec) -> str | None:
    """The connection that a pipeline publishes with, or None."""
    return spec.s3.connection if spec.s3 else None


def _webhook_of(connection_id: str) -> Secret:
    with _airflow(connection_id) as connections:
        webhook: Secret = connections.webhook_of(connection_id)
    return webhook


def _s3_account_of(connection_id: str) -> "S3Account":
    with _airflow(connection_id) as connections:
        account: S3Account = connections.s3_account_of(connection_id)
    return account


@contextmanager
def _airflow(connection_id: str) -> Iterator["ModuleType"]:
    """The module that knows connections; what Airflow says meanwhile is no output of the command."""
    with redirect_stdout(sys.stderr):
        try:
            # Airflow takes seconds to import, and most specs name no connection.
            from pipeline_lib.airflow import connections  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise SettingsError(
                f"the connection {connection_id}",
                "can't be read without Airflow",
                hint="pip install 'coin-pipelines[airflow]'",
            ) from error
        connections.reach_airflows_database(os.environ)
        yield connections
