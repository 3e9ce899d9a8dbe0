"""The first version of a spec, for people to go on from."""

import json
from pathlib import Path

from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.specs.checks.schema_violations import find_schema_violations
from pipeline_lib.specs.model import Coins, NamedCoins, OneCoin, TopCoins
from pipeline_lib.specs.yaml.writing import write_value

_TEMPLATE = """\
{modeline}spec_version: 1
{coins}
schedule: "@hourly"              # a preset, or a cron expression such as "*/15 * * * *"

# What else a spec may say; `coin-pipelines explain {name}` shows what holds now and why.
# description: One line for the Airflow UI
# vs_currency: usd
# timezone: Europe/Berlin        # of schedule and start_date; UTC otherwise
# start_date: 2024-01-01         # first day that runs may belong to
# owner: market-data-team
# tags: [major]
# windows: [24h, 7d]             # rolling windows, from short to long
# thresholds: {{1h: 3, 24h: 8}}    # price moves that alert, in percent, either direction
# alerts: {{cooldown: 12h}}        # remind of an episode that lasts; also z_score, clear_level, webhooks
# quality: {{max_age: 10m, max_jump: 50}}

s3:                              # without this section all data stay on disk
  prefix: {prefix}
  # bucket: my-bucket            # otherwise S3_BUCKET
"""


def find_coin_violations(coins: Coins) -> list[Diagnostic]:
    """Why a spec can't have ``coins``; empty when it can."""
    key, value = _key_of(coins)
    # Bytes of an argument that are no text would be no JSON either.
    text = json.dumps(value).encode("utf-8", "replace").decode("utf-8")
    document = {"spec_version": 1, key: json.loads(text), "schedule": "@hourly"}
    return list(find_schema_violations(document))


def write_starter(name: str, coins: Coins, schema: Path | None) -> str:
    """The text of a spec with comments.

    Args:
        name: The pipeline's name.
        coins: Which coins it observes.
        schema: The schema's file from the spec's folder, for editors, or None to name none.
    """
    modeline = f"# yaml-language-server: $schema={schema}\n" if schema else ""
    key, value = _key_of(coins)
    return _TEMPLATE.format(
        modeline=modeline,
        name=name,
        coins=f"{key}: {write_value(value)}",
        prefix=write_value(f"crypto/{name}"),
    )


def _key_of(coins: Coins) -> tuple[str, object]:
    """The key of a spec that says which coins it has, and its value."""
    match coins:
        case OneCoin(coin):
            return "coin", coin
        case NamedCoins(named):
            return "coins", list(named)
        case TopCoins(count, 1):
            return "coins", {"top": count}
        case TopCoins(count, first):
            return "coins", {"top": count, "from": first}
