"""Which environment variables a spec may name as its webhook's: none that holds anything else."""

from collections.abc import Iterable, Iterator

from pipeline_lib.errors import SettingsError
from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.settings import PREFIX_VARIABLE
from pipeline_lib.specs.model import PipelineSpec


def find_foreign_variables(specs: Iterable[PipelineSpec], prefix: str) -> Iterator[tuple[str, Diagnostic]]:
    """Each pipeline whose ``alerts.webhook_variable`` begins otherwise, with what is wrong.

    Args:
        specs: Valid specs.
        prefix: What the names of such variables begin with.
    """
    for spec in specs:
        variable = spec.alerts.webhook_variable
        if variable is not None and not variable.startswith(prefix):
            message = f"{variable} {_reason(prefix)}"
            yield spec.name, Diagnostic(("alerts", "webhook_variable"), message, _hint(prefix))


def require_own_variable(variable: str, prefix: str) -> None:
    """Make sure that a variable may be read as a spec's webhook.

    Args:
        variable: What the spec names.
        prefix: What the names of such variables begin with.

    Raises:
        SettingsError: It may not.
    """
    if not variable.startswith(prefix):
        raise SettingsError(variable, _reason(prefix), hint=_hint(prefix))


def _reason(prefix: str) -> str:
    return f"may hold something else than a webhook: its name doesn't begin with {prefix}"


def _hint(prefix: str) -> str:
    return f"for example {prefix}_MAJORS; {PREFIX_VARIABLE} sets what names begin with"
