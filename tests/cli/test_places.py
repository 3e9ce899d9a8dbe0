from pathlib import Path

import pytest

from pipeline_lib.cli.places import printable, shown


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("a.yaml", "a.yaml"),
        ("./below/../a.yaml", "a.yaml"),
        ("/project/below/a.yaml", "below/a.yaml"),
        ("../a.yaml", "/a.yaml"),
        ("/projects/a.yaml", "/projects/a.yaml"),
    ],
)
def test_a_file_is_shown_from_the_working_folder_when_it_lies_below(file: str, expected: str) -> None:
    assert shown(Path(file), Path("/project")) == Path(expected)


def test_text_stays_on_its_line_and_commands_no_terminal() -> None:
    assert printable("é ☃\n\x1b[2J\u202e\udcff") == "é ☃\\n\\x1b[2J\\u202e\\udcff"
