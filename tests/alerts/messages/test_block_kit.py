import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.alerts.messages.block_kit import context, escape, header, section, sections, shortened


def test_the_three_control_characters_are_escaped_and_nothing_else() -> None:
    assert escape("a & b < c > d ' \" * _ ~ ` é 😀") == "a &amp; b &lt; c &gt; d ' \" * _ ~ ` é 😀"
    assert escape("&lt;") == "&amp;lt;"


@given(st.text())
def test_what_is_escaped_can_be_read_back(text: str) -> None:
    escaped = escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@pytest.mark.parametrize("length", [1, 150, 151, 5000])
def test_a_header_is_never_longer_than_slack_takes(length: int) -> None:
    assert header("x" * length)["text"]["text"] == "x" * min(length, 150)


def test_a_section_leaves_out_whole_lines() -> None:
    text: str = section([f"{number:03} &amp; {'x' * 90}" for number in range(100)])["text"]["text"]
    assert len(text) <= 3000
    assert text.endswith("x …")
    assert [line[:3] for line in text.split("\n")] == [
        f"{number:03}" for number in range(text.count("\n") + 1)
    ]


def test_sections_leave_out_nothing() -> None:
    lines = [f"{number:03} {'x' * 990}" for number in range(10)]
    texts = [block["text"]["text"] for block in sections(lines)]
    assert [text.count("\n") + 1 for text in texts] == [3, 3, 3, 1]
    assert "\n".join(texts).split("\n") == lines
    assert sections([]) == []


@pytest.mark.parametrize(
    ("text", "longest", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcd …"),
        ("abc&amp;d", 8, "abc …"),
        ("abc&amp;defgh", 10, "abc&amp; …"),
    ],
)
def test_a_long_text_is_cut_but_not_within_an_escaped_character(text: str, longest: int, shown: str) -> None:
    assert shortened(text, longest) == shown


def test_a_short_section_and_context_are_whole() -> None:
    assert section(["a", "b"])["text"]["text"] == "a\nb"
    assert context(["a", "b"])["elements"] == [{"type": "mrkdwn", "text": "a · b"}]
