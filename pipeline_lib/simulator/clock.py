"""The simulation's own time."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime


class SimulatedClock:
    """Follows a real clock until it is set to a moment; then it stands there.

    Safe to use from many threads.
    """

    def __init__(self, real_clock: Callable[[], datetime]) -> None:
        """Follow ``real_clock``, which gives the time with its zone."""
        self._real_clock = real_clock
        self._standing_at: datetime | None = None
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The simulated time, UTC."""
        with self._lock:
            moment = self._standing_at
        return moment if moment is not None else self._real_clock().astimezone(UTC)

    def set(self, moment: datetime) -> None:
        """Stand at ``moment`` from now on.

        Raises:
            ValueError: ``moment`` carries no time zone.
        """
        if moment.tzinfo is None:
            raise ValueError(f"{moment.isoformat()} has no time zone")
        with self._lock:
            self._standing_at = moment.astimezone(UTC)

    def follow(self) -> None:
        """Run with the real clock from now on."""
        with self._lock:
            self._standing_at = None

    @property
    def follows(self) -> bool:
        """Whether the clock runs with the real one."""
        with self._lock:
            return self._standing_at is None
