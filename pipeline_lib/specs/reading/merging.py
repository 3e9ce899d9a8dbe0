"""How ``_defaults.yaml`` goes under each spec."""

from collections.abc import Mapping
from typing import Any


def merge(defaults: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """``spec`` over ``defaults``.

    A mapping is merged key by key, at every depth. Any other value replaces the default whole, lists too.
    ``null`` takes the default away: ``s3: null`` publishes nothing although the defaults name a bucket.
    """
    merged = {
        key: merge({}, value) if isinstance(value, dict) else value
        for key, value in defaults.items()
        if value is not None
    }
    for key, value in spec.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def with_bare_coins(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """``spec`` with a mapping for each coin: ``coins: {bitcoin: , dogecoin: …}`` means both of them."""
    coins = spec.get("coins")
    if not isinstance(coins, dict):
        return spec
    return {**spec, "coins": {coin: {} if own is None else own for coin, own in coins.items()}}


def with_layout(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """``spec`` with the one layout on S3 that a pipeline of several coins has, unless it says another."""
    if "coins" not in spec or not isinstance(spec.get("s3"), dict):
        return spec
    return {**spec, "s3": {"layout": "partitions", **spec["s3"]}}
