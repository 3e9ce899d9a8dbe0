import pytest

from pipeline_lib.common.counting import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 problems"), (1, "1 problem"), (2, "2 problems"), (1000, "1,000 problems")]
)
def test_a_noun_follows_its_number(number: int, said: str) -> None:
    assert counted(number, "problem") == said
