"""Secrets, made unreadable in Airflow's logs and in what it shows of a task's fields."""

from collections.abc import Mapping

from airflow.sdk.log import mask_secret

from pipeline_lib.common.secret import Secret
from pipeline_lib.settings import secrets_of


def mask(secret: Secret) -> None:
    """Mask a secret, and the parts of it that libraries print apart."""
    for part in secret.parts():
        mask_secret(part)


def mask_environment(environment: Mapping[str, str]) -> None:
    """Mask every secret that the environment holds, AWS's among them, which boto3 reads by itself."""
    for secret in secrets_of(environment):
        mask(secret)
