"""Rules: what makes an observation abnormal. One file a rule, each a small pure class."""

from pipeline_lib.alerts.rules.price_move import DayMoveRule, HourMoveRule
from pipeline_lib.alerts.rules.robust_z_score import RobustZScoreRule
from pipeline_lib.alerts.rules.rule import Rule
from pipeline_lib.alerts.rules.z_score import ZScoreRule
from pipeline_lib.specs import SeriesSpec

__all__ = ["Rule", "rules_of"]

_RULES = (HourMoveRule, DayMoveRule, ZScoreRule, RobustZScoreRule)


def rules_of(spec: SeriesSpec) -> tuple[Rule, ...]:
    """The rules that a spec asks for over one of its coins."""
    rules = (rule.from_spec(spec) for rule in _RULES)
    return tuple(rule for rule in rules if rule is not None)
