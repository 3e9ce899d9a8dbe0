"""An archive in memory: what the calls of the interface must do, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class MemoryArchive:
    """Contents by name.

    Attributes:
        contents: What was written.
    """

    contents: dict[str, bytes] = field(default_factory=dict)

    def create(self, name: str, content: bytes) -> bool:
        return self.contents.setdefault(name, content) is content

    def read(self, name: str, at_most: int) -> bytes | None:
        content = self.contents.get(name)
        return None if content is None else content[:at_most]

    def exists(self, name: str) -> bool:
        return name in self.contents

    def names(self) -> Iterator[str]:
        yield from self.contents

    def location(self, name: str) -> str:
        return f"memory://archive/{name}"
