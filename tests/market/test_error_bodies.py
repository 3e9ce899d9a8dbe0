import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline_lib.market.error_bodies import ApiError, read_api_error


@pytest.mark.parametrize(
    ("document", "code", "text"),
    [
        ({"status": {"error_code": 10002, "error_message": "API Key Missing."}}, 10002, "API Key Missing."),
        (
            {"error": {"status": {"timestamp": "x", "error_code": 10012, "error_message": "Too far."}}},
            10012,
            "Too far.",
        ),
        (
            {"timestamp": "x", "error_code": 10011, "status": {"error_message": "Wrong host."}},
            10011,
            "Wrong host.",
        ),
        ({"error": "coin not found"}, None, "coin not found"),
        ({"status": 500, "error": "Internal Server Error"}, None, "Internal Server Error"),
    ],
    ids=["status", "error status", "timestamp", "error", "status and error"],
)
def test_each_shape_tells_its_code_and_text(document: Any, code: int | None, text: str) -> None:  # noqa: ANN401
    assert read_api_error(json.dumps(document).encode()) == ApiError(code, text)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"error code: 1015", "error code: 1015"),
        (b"", ""),
        (b"<html>\n  <title>Busy</title>\r\n</html>", "Busy"),
        (b"[1, 2]", "[1, 2]"),
        (b'"text"', '"text"'),
        (b"{}", "{}"),
        (b'{"error": null}', '{"error": null}'),
        (b'{"status": {"error_code": 429}}', '{"status": {"error_code": 429}}'),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_any_other_body_is_its_own_text(body: bytes, text: str) -> None:
    assert read_api_error(body).text == text


def test_a_code_without_a_text_is_kept() -> None:
    assert read_api_error(b'{"status": {"error_code": 429}}').code == 429


@pytest.mark.parametrize("code", ['"10002"', "null", "1.5", "[]", "-1", "9" * 5000])
def test_a_code_that_is_no_whole_number_is_none(code: str) -> None:
    body = f'{{"status": {{"error_code": {code}, "error_message": "x"}}}}'
    assert read_api_error(body.encode()) == ApiError(None, "x")


def test_a_long_text_is_cut() -> None:
    assert read_api_error(b"x" * 200).text == "x" * 200
    assert read_api_error(b"x" * 201).text == "x" * 199 + "…"


def test_what_would_harm_a_terminal_is_left_out() -> None:
    assert read_api_error(b'{"error": "a\\u001b[31m\\u0000b\\ud800c"}').text == "a [31m b c"


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 50_000])
def test_json_that_never_ends_is_text(body: bytes) -> None:
    api_error = read_api_error(body)
    assert api_error.code is None
    assert len(api_error.text) == 200


@pytest.mark.parametrize("odd", ["9" * 5000, "[" * 1000 + "]" * 1000, '{"a":' * 1000 + "1" + "}" * 1000])
def test_what_nobody_needs_hides_no_code(odd: str) -> None:
    body = f'{{"odd": {odd}, "status": {{"error_code": 10002, "error_message": "API Key Missing."}}}}'
    assert read_api_error(body.encode()) == ApiError(10002, "API Key Missing.")


@pytest.mark.parametrize("text", ["<p>No", "<!doctype html><title>Attention Required! | Cloudflare</title>"])
def test_a_page_inside_of_json_is_its_title_too(text: str) -> None:
    body = json.dumps({"error": text}).encode()
    assert "<" not in read_api_error(body).text


@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=300).map(lambda text: json.dumps({"error": text}).encode())
    )
)
@example(b'{"error":"\\u0000<"}')
@settings(deadline=None)
def test_any_body_tells_one_printable_line(body: bytes) -> None:
    api_error = read_api_error(body)
    assert len(api_error.text) <= 200
    assert api_error.text.isprintable()
    assert api_error.text == api_error.text.strip()
    assert not api_error.text.startswith("<")
