from pipeline_lib.specs.checks.findings import Finding, find_schema_breaks, show_value

MINIMAL = {"spec_version": 1, "coin": "bitcoin", "schedule": "@hourly"}


def test_a_valid_document_has_no_findings() -> None:
    assert list(find_schema_breaks(MINIMAL)) == []


def test_each_unknown_key_is_a_finding_of_its_own() -> None:
    found = {finding.path: finding for finding in find_schema_breaks({**MINIMAL, "coim": 1, "qqqq": 2})}
    assert found["coim",] == Finding(("coim",), "unknown key", "did you mean 'coin'?")
    assert found["qqqq",].hint.startswith("known keys: spec_version, description, coin,")


def test_each_missing_key_is_a_finding_of_its_own() -> None:
    assert list(find_schema_breaks({"coin": "bitcoin"})) == [
        Finding((), "the key 'spec_version' is missing", "for example 1"),
        Finding((), "the key 'schedule' is missing", 'for example "@hourly" or "*/15 * * * *"'),
    ]


def test_a_value_is_shown_on_one_short_line() -> None:
    assert show_value("a\nb") == r"'a\nb'"
    assert show_value("x" * 58) == f"'{'x' * 58}'"
    assert show_value("x" * 59) == f"'{'x' * 58}…"
    assert len(show_value(["long"] * 100)) == 60


def test_a_list_item_is_explained_by_the_examples_of_its_list() -> None:
    assert list(find_schema_breaks({**MINIMAL, "windows": ["24h", "soon"]})) == [
        Finding(("windows", 1), "'soon' doesn't fit", "for example [24h, 7d] or [24h, 20]")
    ]


def test_a_web_address_is_not_repeated() -> None:
    webhook = "https://hooks.slack.com/services/T0/B0/secret"
    assert show_value(webhook) == "'https://…'"
    assert show_value({"x": [webhook, 1]}) == "{'x': ['https://…', 1]}"
    (finding,) = find_schema_breaks({**MINIMAL, "alerts": {"webhook_variable": webhook}})
    assert finding.message == "'https://…' doesn't fit"


def test_an_example_is_written_as_yaml() -> None:
    (finding,) = find_schema_breaks({**MINIMAL, "catchup": "yes"})
    assert finding == Finding(("catchup",), "'yes' is not true or false", "for example false")
