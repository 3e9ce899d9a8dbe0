"""What specs name as Airflow's connections: webhooks, and who is who for S3.

Airflow finds them in the environment (``AIRFLOW_CONN_<ID>``, a URI or JSON), in a secrets backend, or in its
database. Nothing else goes in the place of one that isn't found.
"""

from collections.abc import MutableMapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from pipeline_lib.common.secret import Secret
from pipeline_lib.errors import SettingsError
from pipeline_lib.settings import is_safe_url
from pipeline_lib.specs import PipelineSpec

if TYPE_CHECKING:
    from pipeline_lib.publishing.s3.objects import S3Account
    from pipeline_lib.steps import Services

# Airflow's own programs say so of themselves; without it only tasks reach its database.
_CONTEXT_VARIABLE, _SERVER_CONTEXT = "_AIRFLOW_PROCESS_CONTEXT", "server"
_AWS_TYPE = "aws"
_SLACK_TYPE, _SLACK_HOST = "slackwebhook", "https://hooks.slack.com/services"
_OF_AN_AIRFLOW = ("AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")


def with_connections(services: "Services", spec: PipelineSpec) -> "Services":
    """The services of a pipeline with the connections that its spec names, looked up when they are needed.

    Finding a webhook or an account then raises ``SettingsError`` where the connection isn't known.
    """
    if spec.alerts.connection:
        slack_connection = spec.alerts.connection
        services = replace(services, find_slack_webhook=lambda: webhook_of(slack_connection))
    if spec.s3 and spec.s3.connection:
        s3_connection = spec.s3.connection
        services = replace(services, open_s3_account=lambda: s3_account_of(s3_connection))
    return services


def find_connection(connection_id: str) -> Connection:
    """A connection.

    Raises:
        SettingsError: Airflow doesn't know it, or can't read it.
    """
    try:
        found: Connection = Connection.get(connection_id)
    except AirflowNotFoundException as error:
        raise SettingsError(
            f"the connection {connection_id}",
            "isn't known here",
            hint=f"create it in Airflow, or set AIRFLOW_CONN_{connection_id.upper()}: a URI, or JSON",
        ) from error
    return found


def reach_airflows_database(environment: MutableMapping[str, str]) -> None:
    """Let a process that is no task find the connections of Airflow's database, where there is an Airflow.

    Args:
        environment: ``os.environ``, which Airflow reads it from.
    """
    if any(environment.get(name) for name in _OF_AN_AIRFLOW):
        environment.setdefault(_CONTEXT_VARIABLE, _SERVER_CONTEXT)


def webhook_of(connection_id: str) -> Secret:
    """The webhook of a connection.

    Raises:
        SettingsError: The connection isn't known, or holds no https address.
    """
    url = _address_of(find_connection(connection_id))
    if not is_safe_url(url):
        raise SettingsError(
            f"the connection {connection_id}",
            "holds no https address",
            hint="put the whole webhook into its password, or https://hooks.slack.com/services into its host",
        )
    return Secret(url)


def _address_of(connection: Connection) -> str:
    """The whole address as its password, or host and token apart, in all forms that Airflow reads."""
    host, token = connection.host or "", connection.password or ""
    if "://" in token:
        return token
    if not host and connection.conn_type == _SLACK_TYPE and token:
        host = _SLACK_HOST
    elif "://" not in host:
        place = f"{host}:{connection.port}" if connection.port else host
        # A URI such as https://:token@hooks.slack.com/services is read so that its path is the schema.
        is_web = connection.conn_type in ("http", "https")
        scheme = connection.conn_type if is_web else connection.schema or "https"
        host = f"{scheme}://{place}/{connection.schema or ''}" if is_web else f"{scheme}://{place}"
    return f"{host.rstrip('/')}/{token.lstrip('/')}"


def s3_account_of(connection_id: str) -> "S3Account":
    """Who a connection is for S3.

    Raises:
        SettingsError: The connection isn't known, or is of another type.
        S3SettingsError: It can't be used.
    """
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook

    from pipeline_lib.publishing.s3.objects import S3Account
    from pipeline_lib.publishing.s3.unusable_settings import refusing_unusable_settings

    # The hook would go on with the keys of the environment.
    if find_connection(connection_id).conn_type != _AWS_TYPE:
        raise SettingsError(f"the connection {connection_id}", "is not of the type aws")
    with refusing_unusable_settings(connection=connection_id):
        hook: AwsGenericHook[Any] = AwsGenericHook(aws_conn_id=connection_id, client_type="s3")
        endpoint_url = hook.conn_config.get_service_endpoint_url("s3")
        return S3Account(hook.get_session(), endpoint_url, connection_id)
