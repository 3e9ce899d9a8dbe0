"""Specs that take a market's list 250 ranks at a time."""

from pathlib import Path

_COINS_A_SPEC = 250
# As in dag_configs/top_50.yaml.
_SPEC = """\
spec_version: 1
coins: {{top: {count}, from: {first}}}
schedule: "@hourly"
thresholds: {{1h: 5, 24h: 15}}
"""
_UPLOADS = "s3: {{prefix: crypto/{name}}}\n"


def spec_count(coins: int) -> int:
    """How many specs so many coins need."""
    return len(_firsts(coins))


def write_specs(folder: Path, coins: int, *, uploads: bool) -> None:
    """Write them.

    Args:
        folder: Of the specs; made here.
        coins: In all of them together.
        uploads: Whether they publish to S3.
    """
    folder.mkdir(parents=True)
    for first in _firsts(coins):
        name = f"top_{first}"
        text = _SPEC.format(count=min(_COINS_A_SPEC, coins + 1 - first), first=first)
        if uploads:
            text += _UPLOADS.format(name=name)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def _firsts(coins: int) -> range:
    """The first rank of each spec."""
    return range(1, coins + 1, _COINS_A_SPEC)
