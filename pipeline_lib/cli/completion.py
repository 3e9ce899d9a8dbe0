"""The command that makes a shell complete commands, options and names of pipelines."""

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

_SHELLS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
_PROGRAM = "coin-pipelines"
# click looks for this one, made from the program's name, when a shell asks for completions.
_VARIABLE = "_COIN_PIPELINES_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes commands and names in SHELL.

    It completes commands, options and the names of the project's pipelines.

    \b
    Example:
      coin-pipelines completion bash > ~/.local/share/bash-completion/completions/coin-pipelines
      coin-pipelines completion zsh >> ~/.zshrc
      coin-pipelines completion fish > ~/.config/fish/completions/coin-pipelines.fish
    """  # noqa: D301 (\b is click's mark for lines to keep as they are)
    click.echo(_SHELLS[shell](context.find_root().command, {}, _PROGRAM, _VARIABLE).source())
