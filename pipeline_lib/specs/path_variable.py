"""How the variables are named that move a pipeline's paths."""

import re


def path_variable(name: str, kind: str) -> str:
    """The variable that moves a pipeline's path: ``usd-coin``, ``RAW`` → ``USD_COIN_RAW_PATH``."""
    return f"{re.sub(r'[^A-Z0-9]', '_', name.upper())}_{kind}_PATH"
