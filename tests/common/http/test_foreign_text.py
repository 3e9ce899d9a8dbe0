import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.common.http.foreign_text import readable, shorten


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("one\r\n  line\t", "one line"),
        ("a\x1b[31m\x00b\ud800c", "a [31m b c"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        ("1 < 2", "1 < 2"),
    ],
)
def test_plain_text_is_one_short_line(text: str, told: str) -> None:
    assert shorten(text) == readable(text) == told


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("<!DOCTYPE html><html><head><TITLE lang=en>\n Busy &amp; gone\n</TITLE></head>", "Busy & gone"),
        ("\ufeff \n<html><title>403 Forbidden</title><body>" + "<p>" * 100_000, "403 Forbidden"),
        ("<svg><title>An image</title></svg>", "An image"),
        ("<html><body><h1>Not Found</h1>", "a page without a title"),
        ("<title>never ends " + "x" * 100_000, "a page without a title"),
        ("<" * 100_000, "a page without a title"),
        ("<title" * 100_000, "a page without a title"),
        ("<?xml version='1.0'?><Error/>", "a page without a title"),
    ],
)
def test_of_a_page_the_title_is_shown(page: str, told: str) -> None:
    assert readable(page) == told


@given(st.text(max_size=300))
def test_any_text_is_printable(text: str) -> None:
    for told in (shorten(text), readable(text), readable(f"<title>{text}</title>")):
        assert told.isprintable()
        assert len(told) <= 200
