"""``flywheel compare``: scenarios against each other, or one against its funnel twin, with the same luck."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.envelope import Answer, answers, table
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.running import REPORT, changed, manifest, places, told, written

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario
    from flywheel_sim.scenario.funnel import TwinChange

__all__ = ["compare"]


@click.command()
@click.argument("specs", metavar="A B [C...]", nargs=-1, required=True)
@REPORT
@click.option(
    "--funnel-twin", is_flag=True,
    help="Compare one scenario with its funnel twin: the same company without post-sale care, referral and group.",
)  # fmt: skip
@click.option(
    "--keep", type=click.Choice(["budget", "savings"]), default=None,
    help="What the funnel twin does with the money it frees: moves it to acquisition (budget, the default) or keeps it "
    "as profit.",
)  # fmt: skip
@answers("compare", "set", "seed", "replicates", "workers", "out")
def compare(
    specs: tuple[str, ...],
    report: Path | None,
    funnel_twin: bool,
    keep: str | None,
    changes: dict[str, Any],
    seed: int,
    replicates: int | None,
    workers: int | None,
    out: Path | None,
) -> Answer:
    """Compare scenarios under the same luck; the first is the baseline.

    Run k of every scenario has the same luck, so the differences are about the scenarios.  --set applies to all of
    them; --out saves the comparison as a folder.  With --funnel-twin one scenario is compared with its funnel twin,
    which is the baseline: the difference is what the wheel adds.
    """
    scenarios = changed(specs, changes)
    removed: tuple[TwinChange, ...] = ()
    if funnel_twin:
        scenarios, removed = _with_twin(scenarios, keep or "budget")
    elif keep:
        raise click.UsageError("--keep says what a funnel twin does; add --funnel-twin")
    places(out, report)
    from flywheel_sim.study.compare import compare as compared

    with progress(f"Comparing {len(scenarios)} scenarios") as step:
        found = compared(scenarios, replicates or 40, seed, workers, step)
    written(found, out, report)
    data, text = found.to_dict(), told(found)
    if removed:
        data["funnel_twin"] = [change._asdict() for change in removed]
        rows = [(change.path, _short(change.before), _short(change.after), change.why) for change in removed]
        listed = table(("the funnel twin changes", "from", "to", "because"), rows)
        text = _beside(text, listed)
    return Answer(data, text, manifest(found.provenance))


def _with_twin(scenarios: "list[Scenario]", keep: str) -> "tuple[list[Scenario], tuple[TwinChange, ...]]":
    """The funnel twin and its company, and what the twin changes."""
    from flywheel_sim.scenario.funnel import funnel_changes, funnel_twin

    if len(scenarios) != 1:
        raise click.UsageError(f"--funnel-twin takes one scenario, got {len(scenarios)}")
    (company,) = scenarios
    kind: Any = keep
    removed = funnel_changes(company, kind)
    if not removed:
        raise click.UsageError(f"'{company.name}' is a funnel already: there is nothing its twin would change")
    return [funnel_twin(company, kind), company], removed


def _beside(text: Any, listed: str) -> Any:
    """Add lines under the verdict and the table."""
    if isinstance(text, str):
        return f"{text.rstrip()}\n\n{listed}\n"
    from rich.console import Group
    from rich.text import Text

    return Group(text, Text(""), Text(listed))


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
