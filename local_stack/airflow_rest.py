"""Airflow's REST API, asked with a token, by someone who expects that Airflow may be down."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import requests  # noqa: TID253 (no DAG file imports this)


@dataclass(frozen=True)
class AirflowRest:
    """Where Airflow is, and who asks.

    Attributes:
        url: Airflow's address.
        user: Who logs in for each request.
        password: The user's.
        timeout_seconds: How long one request may take.
    """

    url: str
    user: str
    password: str
    timeout_seconds: float

    def get(self, path: str) -> dict[str, Any] | None:
        """What Airflow answers; None while it is down or has no such thing. The caller sets a limit."""
        try:
            response = requests.get(f"{self.url}{path}", headers=self.headers(), timeout=self.timeout_seconds)
        except requests.RequestException:
            return None
        if response.status_code != HTTPStatus.OK:
            return None
        answer: dict[str, Any] = response.json()
        return answer

    def headers(self) -> dict[str, str]:
        """The token of the user.

        Raises:
            requests.RequestException: Airflow is down, or refuses the user.
        """
        response = requests.post(
            f"{self.url}/auth/token",
            json={"username": self.user, "password": self.password},
            timeout=self.timeout_seconds,
        )
        response.raise_for_status()
        return {"Authorization": f"Bearer {response.json()['access_token']}"}
