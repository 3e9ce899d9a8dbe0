"""A group whose commands are imported when they are called, not before."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

_LONGEST_SENTENCE = 1000


class LazyGroup(click.Group):
    """A group of commands by name.

    Attributes:
        modules: The module of each command, which has the command under its name.
    """

    def __init__(self, *args: Any, modules: Mapping[str, str], **kwargs: Any) -> None:  # noqa: ANN401 (click's)
        super().__init__(*args, **kwargs)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """The commands by name."""
        return sorted(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (as above)
        """A command, or None when there is none of that name."""
        module = self.modules.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(import_module(module), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called; a misspelt one is misuse, with the names that it may stand for.

        Args:
            ctx: The group's call.
            args: The command's name, and what follows it.
        """
        name = args[0]
        # click looks for similar names among the commands that a group has imported: here, none.
        if name not in self.modules and not name.startswith("-"):
            similar = " or ".join(map(repr, get_close_matches(name, self.modules)))
            ctx.fail(f"No such command {name!r}.{f' Did you mean {similar}?' if similar else ''}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with the first sentence of their help, which click would cut.

        Args:
            ctx: The group's call.
            formatter: Takes the list; it breaks lines that are too long.
        """
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        sentences = [(name, found.get_short_help_str(_LONGEST_SENTENCE)) for name, found in commands if found]
        with formatter.section("Commands"):
            formatter.write_dl(sentences)
