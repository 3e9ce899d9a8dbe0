import inspect
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline_lib import errors
from pipeline_lib.errors import (
    CoinPipelinesError,
    ImplausibleJumpError,
    InvalidQuoteError,
    InvalidSpecsError,
    ManifestConflictError,
    MarketError,
    MarketUnavailableError,
    MomentMismatchError,
    PermanentError,
    RequestRefusedError,
    S3ConflictError,
    SettingsError,
    SlackRefusedError,
    SnapshotDamagedError,
    SnapshotMissingError,
    SpecError,
    SpecNotFoundError,
    StoreBusyError,
    StoreError,
    TableDamagedError,
    TemporaryError,
    UnexpectedAnswerError,
    UnknownCoinError,
)
from pipeline_lib.model.diagnostic import Diagnostic

CLASSES = {
    name: kind
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, CoinPipelinesError)
}
DRAWN = {
    words[0]: words[1:]
    for line in (errors.__doc__ or "").splitlines()
    if (words := line.lstrip(" │├└─").split()) and words[0].endswith("Error")
}


def test_the_drawing_holds_every_error_and_no_other() -> None:
    assert set(DRAWN) == set(CLASSES)


@pytest.mark.parametrize("name", sorted(CLASSES.keys() - {"PermanentError", "TemporaryError"}))
def test_permanent_and_temporary_errors_are_marked_as_drawn(name: str) -> None:
    kind = CLASSES[name]
    # A mark stands at the highest class that has it.
    drawn = DRAWN["SpecError" if issubclass(kind, SpecError) else name][:1]
    assert issubclass(kind, PermanentError) == (drawn == ["!"])
    assert issubclass(kind, TemporaryError) == (drawn == ["~"])


def test_every_error_belongs_to_its_room() -> None:
    for kind in (MarketUnavailableError, RequestRefusedError, UnknownCoinError, MomentMismatchError):
        assert issubclass(kind, MarketError)
    for other in (SnapshotMissingError, TableDamagedError, StoreBusyError, S3ConflictError):
        assert issubclass(other, StoreError)


def test_a_refused_answer_tells_where_it_is_kept() -> None:
    error = UnknownCoinError("x")
    error.shown_by = "coin-pipelines quarantine x 7"
    assert str(error).endswith("as 'API ID'); to see what came: coin-pipelines quarantine x 7")


def test_a_hint_follows_the_message() -> None:
    assert str(CoinPipelinesError("what happened", hint="what to do")) == "what happened (what to do)"
    assert str(CoinPipelinesError("what happened")) == "what happened"


PATH = Path("data/x.csv")


@pytest.mark.parametrize(
    ("error", "text", "attributes"),
    [
        (SettingsError("KEY", "is odd", hint="fix it"), "KEY is odd (fix it)", {"variable": "KEY"}),
        (
            SpecNotFoundError("x", PATH, hint="known: y"),
            "no spec for pipeline 'x': data/x.csv doesn't exist (known: y)",
            {"name": "x", "path": PATH},
        ),
        (MarketUnavailableError("away"), "away", {"status": None, "retry_after": None}),
        (
            MarketUnavailableError("away", status=429, retry_after=2.5, hint="wait"),
            "away (wait)",
            {"status": 429, "retry_after": 2.5, "message": "away", "hint": "wait"},
        ),
        (RequestRefusedError("no", status=401, error_code=10002), "no", {"status": 401, "error_code": 10002}),
        (
            UnknownCoinError("x"),
            (
                "CoinGecko knows no coin with the id 'x'"
                " (take the id that the coin's CoinGecko page shows as 'API ID')"
            ),
            {"coin": "x"},
        ),
        (
            InvalidQuoteError("x", "price", "-1", "too low"),
            ("quote of 'x' refused: price is -1, too low (compare with the coin's page on CoinGecko)"),
            {"coin": "x", "field": "price", "value": "-1"},
        ),
        (
            MomentMismatchError("x", "now", "then"),
            "the quote of 'x' is of then, not of the run's moment now",
            {"coin": "x", "moment": "now", "last_updated": "then"},
        ),
        (
            UnexpectedAnswerError("not a list"),
            "not a list (see what came: CoinGecko has changed, or a proxy answers in the place of it)",
            {"answer": None, "url": None, "requested_at": None, "shown_by": None},
        ),
        (
            ImplausibleJumpError(
                "x",
                "2 after 1",
                percent=Decimal(100),
                limit_percent=Decimal("50.5"),
                confirmation="not confirmed by 1",
            ),
            (
                "price of 'x' refused: 2 after 1, a move of +100.00 %, not confirmed by 1"
                " (compare with the coin's page on CoinGecko; where such moves are true, raise"
                " quality.max_jump in the spec (now 50.5 %))"
            ),
            {"coin": "x", "percent": Decimal(100), "limit_percent": Decimal("50.5")},
        ),
        (
            SnapshotMissingError(PATH),
            "there is no snapshot data/x.csv (run the fetch step for this moment, or restore the archive)",
            {"path": PATH},
        ),
        (
            SnapshotDamagedError(PATH, "cut"),
            (
                "snapshot data/x.csv is damaged: cut"
                " (restore it from a backup or from S3; move it away to fetch anew)"
            ),
            {"path": PATH},
        ),
        (
            ManifestConflictError(PATH, "majors"),
            (
                "manifest data/x.csv is not the one that the database's arrivals make"
                " (an older database may have been restored, or another one writes to this folder;"
                " coin-pipelines replay majors rebuilds the database from the archive)"
            ),
            {"path": PATH},
        ),
        (TableDamagedError(PATH, 7, "no header"), "data/x.csv:7: no header", {"path": PATH, "line": 7}),
        (
            StoreBusyError(PATH, 60.0),
            (
                "data/x.csv is locked by another process for more than 60 s"
                " (look for one that is stuck, and end it)"
            ),
            {"path": PATH, "retry_after": None},
        ),
        (
            S3ConflictError("s3://b/k", expected_sha256="aa", found_sha256="bb"),
            (
                "s3://b/k exists with other content: sha256 bb, not aa"
                " (two deployments may share this prefix; compare both files before deleting either)"
            ),
            {"location": "s3://b/k", "expected_sha256": "aa", "found_sha256": "bb"},
        ),
        (
            SlackRefusedError(403, "invalid_token"),
            (
                "Slack refused the message: 403 invalid_token"
                " (check that SLACK_WEBHOOK_URL, or the connection, holds a webhook that still exists)"
            ),
            {"status": 403, "reason": "invalid_token"},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_tells_one_line_and_carries_its_facts(
    error: CoinPipelinesError, text: str, attributes: dict[str, object]
) -> None:
    assert str(error) == text
    assert {name: getattr(error, name) for name in attributes} == attributes


def test_invalid_specs_show_every_diagnostic_on_a_line_of_its_own() -> None:
    diagnostics = (Diagnostic((), "a", file=PATH), Diagnostic(("b",), "c", file=PATH, line=2))
    error = InvalidSpecsError(diagnostics)
    assert error.diagnostics == diagnostics
    assert str(error) == "data/x.csv:1:1: a\ndata/x.csv:2:1: b: c"
