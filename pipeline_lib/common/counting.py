"""How many of something, for people."""


def counted(number: int, noun: str) -> str:
    """The number with its noun: ``1 problem``, ``3 problems``, ``1,440 problems``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
