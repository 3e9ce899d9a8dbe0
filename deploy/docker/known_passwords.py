"""Refuse well-known passwords before the UI can be reached from other machines.

    python known_passwords.py USER PASSWORD

Checks all users of Airflow's database, and the user that is created next unless it exists already.
"""

import sys
from collections.abc import Iterable

from airflow.utils.session import create_session
from sqlalchemy import text
from werkzeug.security import check_password_hash

_KNOWN = ("admin", "airflow", "password")
_ADVICE = """\
refused: the UI is to listen beyond this machine (AIRFLOW_ADDRESS), and all know the password of: {users}.
Before the first start, set _AIRFLOW_WWW_USER_PASSWORD in .env.
Later, take AIRFLOW_ADDRESS out again, start, and give a new password:
  docker compose exec airflow-apiserver airflow users reset-password --username {first}"""


def users_with_known_passwords(hashes: dict[str, str], next_user: str, next_password: str) -> Iterable[str]:
    """Names of users whose password is well known or their own name."""
    for user, password_hash in hashes.items():
        if any(check_password_hash(password_hash, password) for password in {*_KNOWN, user}):
            yield user
    if next_user not in hashes and next_password in {*_KNOWN, next_user}:
        yield next_user


def main(next_user: str, next_password: str) -> None:
    """Exit with an error that names the users with such passwords."""
    with create_session() as session:
        rows = session.execute(text("SELECT username, password FROM ab_user WHERE active")).all()
    hashes = {user: password_hash for user, password_hash in rows if password_hash}
    found = sorted(users_with_known_passwords(hashes, next_user, next_password))
    if found:
        sys.exit(_ADVICE.format(users=", ".join(found), first=found[0]))


if __name__ == "__main__":
    main(*sys.argv[1:])
