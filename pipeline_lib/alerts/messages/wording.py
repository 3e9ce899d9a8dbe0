"""Numbers and events in words."""

from datetime import datetime, timedelta
from decimal import Decimal

from pipeline_lib.model.events import Event, EventKind

_FEWEST_PLACES = 2
_MOST_DIGITS = 8
_CRITICAL_STEP = 2


def is_critical(event: Event) -> bool:
    """Whether the episode goes on at twice its threshold or more."""
    return event.kind is not EventKind.CLEARED and event.step >= _CRITICAL_STEP


def mark(event: Event) -> str:
    """What the eye catches first: how bad it is, and which way."""
    if event.kind is EventKind.CLEARED:
        return "✅"
    return f"{'🚨' if is_critical(event) else '⚠️'}{'📉' if event.value < 0 else '📈'}"


def measure(event: Event) -> str:
    """``-8.16 % in 1h``."""
    return f"{event.value:+.2f} {event.rule.unit} {event.rule.scope}"


def happening(event: Event) -> str:
    """What happened, for the headline: ``-8.16 % in 1h``, ``calm again, -2.10 % in 24h``."""
    match event.kind:
        case EventKind.FIRED:
            return measure(event)
        case EventKind.GROWN:
            return f"now {measure(event)}"
        case EventKind.REMINDED:
            return f"still {measure(event)}"
        case EventKind.CLEARED:
            return f"calm again, {measure(event)}"


def explanation(event: Event) -> str:
    """The threshold that the event is about."""
    threshold = f"{plain(event.rule.threshold)} {event.rule.unit}"
    match event.kind:
        case EventKind.FIRED if event.step == 1:
            return f"threshold {threshold}"
        case EventKind.FIRED | EventKind.GROWN:
            return f"{event.step} times its threshold of {threshold}"
        case EventKind.REMINDED:
            return f"threshold {threshold}, crossed {moment_text(event.since)}"
        case EventKind.CLEARED:
            lasted = duration(event.moment - event.since)
            return f"threshold {threshold}, crossed {moment_text(event.since)}, for {lasted}"


def price_text(price: Decimal) -> str:
    """At least two decimal places, at most eight significant digits: ``6,955.27``, ``0.00001234``."""
    return like_price(price, price)


def like_price(number: Decimal, price: Decimal) -> str:
    """A number with as many decimal places as a price beside which it stands."""
    places = max(_FEWEST_PLACES, min(-price.adjusted() + _MOST_DIGITS - 1, -int(price.as_tuple().exponent)))
    return f"{number:,.{places}f}"


def move_text(percent: Decimal | None) -> str:
    """``-13.20 %``; ``unknown`` where nobody knows."""
    return "unknown" if percent is None else f"{percent:+.2f} %"


def plain(number: Decimal) -> str:
    """Without needless digits: ``8.5``, ``100``."""
    return f"{number.normalize():f}"


def moment_text(moment: datetime) -> str:
    """``2018-02-05 14:00 UTC``."""
    return f"{moment.isoformat(sep=' ', timespec='minutes')[:16]} UTC"


def duration(span: timedelta) -> str:
    """In the largest whole units that say enough: ``40 min``, ``3 h``, ``2 days``."""
    minutes = span // timedelta(minutes=1)
    if minutes < 90:  # noqa: PLR2004 (below that, hours say too little)
        return f"{minutes} min"
    hours = round(minutes / 60)
    return f"{hours} h" if hours < 48 else f"{round(hours / 24)} days"  # noqa: PLR2004 (as above, days)
