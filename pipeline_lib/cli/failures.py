"""What a command prints of a failure."""

from pipeline_lib.errors import CoinPipelinesError
from pipeline_lib.ops.advice import advice_on_disk


def failure_text(error: CoinPipelinesError | OSError) -> str:
    """What happened, to what, and what to do, in one line."""
    advice = advice_on_disk(error) if isinstance(error, OSError) else None
    return f"{error} ({advice})" if advice else str(error)
