from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.specs.checks.schema_violations import find_schema_violations, show_value

MINIMAL = {"spec_version": 1, "coin": "bitcoin", "schedule": "@hourly"}


def test_a_valid_document_has_no_violations() -> None:
    assert list(find_schema_violations(MINIMAL)) == []


def test_each_unknown_key_is_a_violation_of_its_own() -> None:
    found = {
        violation.path: violation for violation in find_schema_violations({**MINIMAL, "coim": 1, "qqqq": 2})
    }
    assert found["coim",] == Diagnostic(("coim",), "unknown key", "did you mean 'coin'?")
    assert found["qqqq",].hint.startswith("known keys: spec_version, description, coin,")


def test_each_missing_key_is_a_violation_of_its_own() -> None:
    assert list(find_schema_violations({"coin": "bitcoin"})) == [
        Diagnostic((), "the key 'spec_version' is missing", "for example 1"),
        Diagnostic((), "the key 'schedule' is missing", 'for example "@hourly" or "*/15 * * * *"'),
    ]


def test_a_value_is_shown_on_one_short_line() -> None:
    assert show_value("a\nb") == r"'a\nb'"
    assert show_value("x" * 58) == f"'{'x' * 58}'"
    assert show_value("x" * 59) == f"'{'x' * 58}…"
    assert len(show_value(["long"] * 100)) == 60


def test_a_list_item_is_explained_by_the_examples_of_its_list() -> None:
    assert list(find_schema_violations({**MINIMAL, "windows": ["24h", "soon"]})) == [
        Diagnostic(("windows", 1), "'soon' doesn't fit", "for example [24h, 7d] or [24h, 20]")
    ]


def test_a_web_address_is_not_repeated() -> None:
    webhook = "https://hooks.slack.com/services/T0/B0/secret"
    assert show_value(webhook) == "'https://…'"
    assert show_value({"x": [webhook, 1]}) == "{'x': ['https://…', 1]}"
    (violation,) = find_schema_violations({**MINIMAL, "alerts": {"webhook_variable": webhook}})
    assert violation.message == "'https://…' doesn't fit"


def test_an_example_is_written_as_yaml() -> None:
    (violation,) = find_schema_violations({**MINIMAL, "catchup": "yes"})
    assert violation == Diagnostic(("catchup",), "'yes' is not true or false", "for example false")
