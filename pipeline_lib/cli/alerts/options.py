"""Alert settings as options of commands write them."""

from datetime import timedelta
from decimal import Decimal, InvalidOperation

import click

from pipeline_lib.specs import Thresholds
from pipeline_lib.specs.durations import parse_duration


class DecimalType(click.ParamType):  # type: ignore[type-arg] # generic only since click 8.4
    """A number above zero."""

    name = "number"

    def convert(
        self, value: str | Decimal, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """Read the text."""
        number = _number(str(value))
        if number is None:
            self.fail(f"{value!r} is not a number above 0", param, ctx)
        return number


class DurationType(click.ParamType):  # type: ignore[type-arg] # as above
    """A duration as specs write it: ``12h``."""

    name = "duration"

    def convert(
        self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Read the text."""
        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class ThresholdsType(click.ParamType):  # type: ignore[type-arg] # as above
    """Both thresholds in percent: ``1h=3,24h=8``."""

    name = "1h=…,24h=…"

    def convert(
        self, value: str | Thresholds, param: click.Parameter | None, ctx: click.Context | None
    ) -> Thresholds:
        """Read the text."""
        if isinstance(value, Thresholds):
            return value
        parts = dict(part.strip().partition("=")[::2] for part in value.split(","))
        hour, day = _number(parts.get("1h", "")), _number(parts.get("24h", ""))
        if hour is None or day is None or len(parts) > len(("1h", "24h")):
            self.fail(f"{value!r} is not like 1h=3,24h=8", param, ctx)
        return Thresholds(hour, day)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None


coin_option = click.option("--coin", metavar="ID", help="Which coin, of a pipeline that has several.")
