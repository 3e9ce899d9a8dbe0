"""What operators read."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.errors import S3ConflictError
from pipeline_lib.model.open_problem import OpenProblem
from pipeline_lib.model.outcome import Done
from pipeline_lib.ops.messages import ops_plain_text, ops_plain_title, ops_slack_message
from pipeline_lib.ops.notices import (
    Link,
    OpsNotice,
    TaskFailure,
    TaskRun,
    failure_notice,
    import_error_notice,
    invalid_specs_notice,
    late_notice,
    recovery_notice,
    warning_notice,
)
from pipeline_lib.ops.problems import Notification

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)
RUN = TaskRun("bitcoin", "upload_raw_to_s3", MOMENT, (Link("log", "https://airflow.example/log?a=1&b=2"),))
CONFLICT = S3ConflictError("s3://b/k", expected_sha256="aa", found_sha256="bb")
PROBLEM = OpenProblem(MOMENT - timedelta(hours=25), MOMENT, 26, {})


def lines(notice: OpsNotice) -> list[str]:
    return ops_plain_text(notice).splitlines()


def test_a_conflict_on_s3_is_reported_with_its_hint() -> None:
    notice = failure_notice(TaskFailure(RUN, CONFLICT, 1, 4), PROBLEM, Notification.NEW)
    assert ops_plain_title(notice) == "ops · bitcoin · upload_raw_to_s3 failed"
    assert lines(notice)[:2] == [
        "S3ConflictError: s3://b/k exists with other content: sha256 bb, not aa",
        "Run: 2018-02-05T14:00:00Z, try 1 of 4",
    ]
    assert lines(notice)[2].startswith(
        "What to do: two deployments may share this prefix; compare both files before deleting either. Then"
    )
    assert lines(notice)[3:] == ["log: https://airflow.example/log?a=1&b=2"]


def test_a_reminder_says_since_when() -> None:
    notice = failure_notice(TaskFailure(RUN, CONFLICT, 1, 4), PROBLEM, Notification.STILL)
    assert notice.title == "bitcoin · upload_raw_to_s3 still fails"
    assert "Since: the run of 2018-02-04T13:00:00Z; 26 failures so far" in lines(notice)


def test_a_recovery_says_which_runs_are_left() -> None:
    notice = recovery_notice(RUN, PROBLEM)
    assert notice.title == "bitcoin · upload_raw_to_s3 works again"
    assert "where runs of 2018-02-04T13:00:00Z to 2018-02-05T14:00:00Z are still red" in notice.to_do
    one = recovery_notice(RUN, OpenProblem(MOMENT, MOMENT, 1, {}))
    assert "where the run of 2018-02-05T14:00:00Z is still red" in one.to_do


def test_warnings_and_late_runs_have_their_own_words() -> None:
    warning = warning_notice(RUN, Done("done"), ["a new field", "another"])
    assert lines(warning)[:3] == [
        "Seen: a new field",
        "Seen: another",
        "Run: 2018-02-05T14:00:00Z: done, no data is missing",
    ]
    late = late_notice(RUN, MOMENT + timedelta(minutes=30))
    assert late.title == "bitcoin · the run of 2018-02-05T14:00:00Z is late"
    assert lines(late)[0] == "Run: 2018-02-05T14:00:00Z, due by 2018-02-05T14:30:00Z, not done"


def test_many_problems_of_specs_are_cut_to_ten() -> None:
    notice = invalid_specs_notice(["a", "b"], [f"{number}.yaml:1:1: odd" for number in range(13)])
    assert notice.title == "a, b · invalid specs"
    assert [label for label, _ in notice.facts] == ["Problem"] * 10 + ["And"]
    assert notice.facts[-1] == ("And", "3 more")
    assert import_error_notice("x.py", ["one"]).title == "x.py · 1 new problem"


def test_a_slack_message_is_no_price_alert_and_escapes() -> None:
    notice = OpsNotice(":wrench:", "a < b", (("K&R", "x > y"),), "fix it", RUN.links)
    assert ops_slack_message(notice) == {
        "text": ":wrench: ops · a &lt; b",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": ":wrench: ops · a < b", "emoji": True}},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "*K&amp;R*: x &gt; y\n*What to do*: fix it"},
            },
            {
                "type": "context",
                "elements": [{"type": "mrkdwn", "text": "<https://airflow.example/log?a=1&amp;b=2|log>"}],
            },
        ],
    }


@given(st.lists(st.text(alphabet="&<> xé", max_size=4000), max_size=13), st.text(max_size=400))
def test_every_message_keeps_to_slacks_limits(texts: list[str], title: str) -> None:
    notice = OpsNotice(":wrench:", title, tuple(("Problem", text) for text in texts), "fix it")
    blocks: Any = ops_slack_message(notice)["blocks"]
    assert len(blocks) <= 50
    assert len(blocks[0]["text"]["text"]) <= 150
    for block in blocks[1:]:
        text = block["text"]["text"]
        assert 0 < len(text) <= 3000
        # No escape is cut in two.
        assert text.count("&") == sum(text.count(entity) for entity in ("&amp;", "&lt;", "&gt;"))
