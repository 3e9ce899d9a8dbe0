"""Values that must never be printed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_MASK = "***"
# As Airflow's masker: what is shorter would blot out ordinary words.
_SHORTEST_SECRET = 5
# Shorter parts of an address are words that logs are full of.
_SHORTEST_PART = 10
_WEB = ("http", "https")


@dataclass(frozen=True, slots=True)
class Secret:
    """A key, token or secret URL whose text shows only through :meth:`reveal`."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        """The secret itself, for the one call that needs it."""
        return self._value

    def parts(self) -> Iterator[str]:
        """The secret, and, when it is an address, the parts of it that libraries print apart."""
        yield self._value
        try:
            address = urlsplit(self._value)
        except ValueError:
            return
        if not address.netloc:
            return
        user_info, at, host = address.netloc.rpartition("@")
        password = user_info.partition(":")[2]
        # Without a user, some of apprise's addresses have a token where others have a host.
        token = () if address.scheme in _WEB else (host,)
        apart = (user_info,) if at else token
        # urllib3 logs host and path apart.
        parts = (address.path, *address.path.split("/"), *apart, *_values(address.query))
        yield from (part for part in parts if len(part) >= _SHORTEST_PART)
        if password:
            yield from (password, unquote(password))

    def __str__(self) -> str:
        return _MASK


def redacted(text: str, secrets: Iterable[Secret]) -> str:
    """The text with each of the secrets, and each secret part of an address, made unreadable."""
    parts = {part for secret in secrets for part in secret.parts() if len(part) >= _SHORTEST_SECRET}
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, _MASK)
    return text


def _values(query: str) -> Iterator[str]:
    return (pair.partition("=")[2] for pair in query.split("&"))
