"""What commands that report for people or for programs share: the option, and how a report is printed."""

import os

import click

format_option = click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or for programs.",
)


def print_report(text: str) -> None:
    """Print a whole report, with its styles where a terminal reads them."""
    # click takes styles out where no terminal reads them; https://no-color.org is not its business.
    click.echo(text, nl=False, color=False if os.environ.get("NO_COLOR") else None)
