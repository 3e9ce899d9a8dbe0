import pytest

from pipeline_lib.specs.yaml.text import YamlSyntaxError, parse_yaml

KEY = "write key: value, with a space after the colon"
QUOTES = "put the whole value in quotes"
OPEN = "what begins in line 1 goes on here without a comma, or isn't closed"


def indented(spaces: int) -> str:
    counted = "1 space" if spaces == 1 else f"{spaces} spaces"
    return f"this line is indented by {counted}, which fits no line above it"


def told(text: str) -> str:
    with pytest.raises(YamlSyntaxError) as caught:
        parse_yaml(text)
    error = caught.value
    return f"{error.line}:{error.column}: {error.message} ({error.hint})"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            "a: 1\nthresholds:\n    1h: 3\n  24h: 8\n",
            f"4:3: {indented(2)} (begin it in column 1, as thresholds does or in column 5, as 1h does)",
        ),
        (
            "coin: a\n schedule: b\n",
            f"2:2: {indented(1)} (begin it in column 1, as coin does)",
        ),
        (
            "thresholds:\n  1h: 3\n    24h: 8\n",
            f"3:5: {indented(4)} (begin it in column 3, as 1h does or in column 1, as thresholds does)",
        ),
        (
            "a: 1\n# x\n\nthresholds:\n  # hm: 1\n  1h: 3\n # 1\n   24h: 8\nx: 1\n",
            f"8:4: {indented(3)} (begin it in column 3, as 1h does or in column 1, as thresholds does)",
        ),
        (
            "tags:\n  - a\n - b\n",
            f"3:2: {indented(1)} (begin it in column 1, as tags does or in column 3, as the line above does)",
        ),
        (
            "\"coin\": a\n  'x': b\n",
            f"2:3: {indented(2)} (begin it in column 1, as coin does)",
        ),
        (
            "  coin: a\nschedule: b\n",
            "2:1: this line isn't indented as those above it (begin all keys of the spec in column 1)",
        ),
    ],
)
def test_a_wrong_indent_is_told_with_where_to_begin(text: str, mistake: str) -> None:
    assert told(text) == mistake


@pytest.mark.parametrize(
    "text", ["coin:a\nschedule: b\n", "coin\nschedule: b\n", "coin\n\n# x\nschedule: b\n"]
)
def test_a_line_without_a_key_is_told_where_it_is(text: str) -> None:
    assert told(text) == f"1:1: this is no key with a value ({KEY})"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("coin: a\nschedule\nx: y\n", f"2:1: this is no key with a value ({KEY})"),
        (
            "description: Bitcoin: hourly\n",
            f"1:21: a colon and a space end a key, and this line has one already ({QUOTES})",
        ),
        ('coin: "a" b\n', f"1:11: this stands after the end of a value ({QUOTES})"),
        ("tags: [a]]\n", f"1:10: this stands after the end of a value ({QUOTES})"),
        ("schedule: @hourly\n", '1:11: a value can\'t begin with @ (put it in quotes, as in "@hourly")'),
        ("schedule: */15 * * * *\n", '1:11: a value can\'t begin with * (put it in quotes, as in "@hourly")'),
        ("coin: `a`\n", '1:7: a value can\'t begin with ` (put it in quotes, as in "@hourly")'),
        ("thresholds:\n\t1h: 3\n", "2:1: a tab can't indent a line (use spaces)"),
        ("coin: a\n\tb: c\n", "2:1: a tab can't indent a line (use spaces)"),
        ('coin: "a\nb: c\n', "1:7: the quote that begins here isn't closed (close it with the same quote)"),
        (
            "tags: [a, b\ncoin: c\n",
            f"2:5: {OPEN} (write a comma between items, and ] at the end)",
        ),
        (
            "s3: {bucket: a prefix: b}\n",
            f"1:22: {OPEN} (write a comma between items, and }} at the end)",
        ),
        ("tags: [\n", "2:1: a value is missing before this (close each [ with ] and each { with })"),
        (
            "- coin: a\nb: c\n",
            "2:1: this is no item of the list above (a spec has keys at its root, and no list)",
        ),
    ],
)
def test_a_mistake_is_told_with_what_to_do(text: str, mistake: str) -> None:
    assert told(text) == mistake


def test_no_value_of_a_line_above_is_in_the_hint() -> None:
    mistake = told(f"a: 1\ntags:\n  - https://hooks.slack.com/a-token\n{'k' * 99}: v\n b: c\n")
    assert "hooks" not in mistake
    assert "kkk" not in mistake
