"""Figures held against their bars."""


class Bars:
    """Prints PASS or FAIL for each figure, and remembers whether one failed."""

    def __init__(self) -> None:
        """Begin with none."""
        self.exit_code = 0

    def at_most(self, what: str, found: float, bar: float) -> None:
        """Hold a figure against its upper limit."""
        self._print(what, f"{found:.4g}", f"<= {bar:g}", is_met=found <= bar)

    def exactly(self, what: str, found: int, bar: int) -> None:
        """Hold a count against what it has to be."""
        self._print(what, str(found), f"= {bar}", is_met=found == bar)

    def _print(self, what: str, found: str, bar: str, *, is_met: bool) -> None:
        print(f"{'PASS' if is_met else 'FAIL'} {what}: {found} (bar {bar})", flush=True)
        if not is_met:
            self.exit_code = 1
