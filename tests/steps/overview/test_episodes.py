from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from pipeline_lib.model.events import RuleInfo
from pipeline_lib.specs import Schedule, Thresholds
from pipeline_lib.steps.overview.episodes import find_open_episodes, rule_names
from tests.alerts.samples import DAY_MOVE, FIRED, GROWN, HOUR_MOVE, at, event
from tests.system.replays import spec_of

SPEC = spec_of(Thresholds(Decimal(3), Decimal(8)))
BITCOIN = SPEC.of_coin("bitcoin")


def _moments(*hours: float) -> list[datetime]:
    return [at(each) for each in hours]


def test_the_rules_of_a_spec_have_names() -> None:
    assert rule_names([SPEC, SPEC]) == {"1h", "24h"}
    assert rule_names([]) == frozenset()


def test_an_episode_without_an_end_goes_on() -> None:
    day, hour = event(GROWN, 0, since=-3, rule=DAY_MOVE), event(FIRED, 1, rule=HOUR_MOVE)
    assert find_open_episodes(BITCOIN, [day, hour], ()) == [hour, day]
    assert find_open_episodes(BITCOIN, [], ()) == []


def test_a_rule_that_the_spec_has_no_more_has_no_episode() -> None:
    other = event(FIRED, rule=DAY_MOVE)
    gone = event(FIRED, rule=RuleInfo("z_score_7d", Decimal(3), "deviations", "from the 7d mean"))
    assert find_open_episodes(BITCOIN, [gone, other], ()) == [other]


@pytest.mark.parametrize(
    ("moments", "rules"),
    [
        (_moments(0, 1, 2), ["1h", "24h"]),
        # After a gap of two hours nobody knows what became of a move over one hour.
        (_moments(0, 2), ["24h"]),
        (_moments(-5, 0, 1, 4), ["24h"]),
        # A gap before it says nothing.
        (_moments(-5, 0, 1), ["1h", "24h"]),
        (_moments(0, 26), []),
        # It began before the days that are looked at.
        (_moments(5, 6, 7), ["1h", "24h"]),
        (_moments(5, 6, 8), ["24h"]),
    ],
)
def test_an_episode_ends_unknown_in_a_gap_that_its_rule_doesnt_look_beyond(
    moments: list[datetime], rules: list[str]
) -> None:
    unended = [event(FIRED, rule=HOUR_MOVE), event(FIRED, rule=DAY_MOVE)]
    assert [each.rule.name for each in find_open_episodes(BITCOIN, unended, moments)] == rules


def test_an_hour_that_the_schedule_leaves_out_is_no_gap() -> None:
    every_other_hour = replace(SPEC, schedule=Schedule("0 */2 * * *"))
    fired = event(FIRED, rule=HOUR_MOVE)
    assert find_open_episodes(every_other_hour.of_coin("bitcoin"), [fired], _moments(0, 2, 4)) == [fired]
