"""``flywheel compare``: scenarios against each other, or one against its funnel twin, with the same luck."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.amounts import AMOUNT, Share
from flywheel_sim.commands.command_output import Answer, answers, table
from flywheel_sim.commands.comparison_stages import further
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.run_options import (
    DETAIL,
    POSTERIOR,
    REPORT,
    RULES,
    changed,
    drawable,
    manifest,
    names,
    places,
    rules_of,
    told,
)

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario
    from flywheel_sim.scenario.funnel import TwinChange

__all__ = ["compare"]


@click.command()
@click.argument("specs", metavar="A B [C...]", nargs=-1, required=True, shell_complete=names)
@click.option("--horizon", type=click.IntRange(1, 5200), default=None, help="Weeks, for all scenarios.")
@click.option("--precision", type=AMOUNT, default=None, help="Add runs until the interval is this narrow (half-width).")
@click.option("--indifference", type=AMOUNT, default=0.0, help="Differences up to this do not matter.")
@click.option("--best", is_flag=True, help="Choose the best scenario, with a guarantee (or within --budget).")
@click.option("--confidence", type=Share(0.5, 0.9999), default=0.95, show_default=True, help="Of --best.")
@click.option("--budget", type=click.IntRange(2), default=None, help="Runs of all scenarios together, for --best.")
@click.option("--limit", type=click.IntRange(10), default=1000, show_default=True, help="Most runs of a scenario.")
@click.option("--bridge", is_flag=True, help="Split the difference over the blocks in which the scenarios differ.")
@click.option("--swings", is_flag=True, help="Move one assumption at a time: what moves the difference, what flips it.")
@click.option("--full", is_flag=True, help="--bridge and --swings.")
@REPORT
@POSTERIOR
@RULES
@DETAIL
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
    horizon: int | None,
    precision: float | None,
    indifference: float,
    best: bool,
    confidence: float,
    budget: int | None,
    limit: int,
    bridge: bool,
    swings: bool,
    full: bool,
    report: Path | None,
    posterior: Path | None,
    interventions: tuple[str, ...],
    team_classes: tuple[str, ...],
    detail: bool,
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

    Amounts are in dollars: 250000, 250k, 0.25m.

    --posterior draws parameters for run k from a table, the same in every scenario; a scenario keeps a value of its own
    where it differs from the first.  --best, --bridge and --swings then speak of means over luck and draws.

    --precision and --best decide how many runs there are; --replicates is then the first stage.  When the limit comes
    first, the exit code is 1.
    """
    _sensible(best, budget, precision)
    drawable(posterior, changes, seed)
    if horizon is not None:
        if "horizon_weeks" in changes:
            raise click.UsageError("give the horizon once: --horizon or --set horizon_weeks=...")
        changes = changes | {"horizon_weeks": horizon}
    scenarios = changed(specs, changes)
    removed: tuple[TwinChange, ...] = ()
    if funnel_twin:
        scenarios, removed = _with_twin(scenarios, keep or "budget")
    elif keep:
        raise click.UsageError("--keep says what a funnel twin does; add --funnel-twin")
    places(out, report)
    ruled = rules_of(interventions, team_classes)
    with progress(f"Comparing {len(scenarios)} scenarios") as step:
        from flywheel_sim.study.comparison import compare as study

        if best:
            found = study.choose(
                scenarios, indifference, confidence, budget=budget, first_stage=replicates or study.FIRST_STAGE,
                seed=seed, workers=workers, progress=step, limit=limit, posterior=posterior, **ruled,
            )  # fmt: skip
        else:
            found = study.compare(
                scenarios, replicates or 40, seed, workers, step, precision=precision, indifference=indifference,
                limit=limit, posterior=posterior, **ruled,
            )  # fmt: skip
    asked = {"bridge": bridge or full, "swings": swings or full, "groups": report is not None}
    found = further(found, [stage for stage, wanted in asked.items() if wanted], workers, out, report)
    data, text = found.to_dict(), told(found, detail=detail)
    if removed:
        data["funnel_twin"] = [change._asdict() for change in removed]
        rows = [(change.path, _short(change.before), _short(change.after), change.why) for change in removed]
        listed = table(("the funnel twin changes", "from", "to", "because"), rows)
        text = _beside(text, listed)
    guaranteed = found.chosen is None or found.chosen.decided or found.chosen.method == "ocba"
    return Answer(data, text, manifest(found.provenance), failed=not (found.precise and guaranteed))


def _with_twin(scenarios: "list[Scenario]", keep: str) -> "tuple[list[Scenario], tuple[TwinChange, ...]]":
    """Return the funnel twin and its company, and what the twin changes."""
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


def _sensible(best: bool, budget: int | None, precision: float | None) -> None:
    if budget is not None and not best:
        raise click.UsageError("--budget is for --best")
    if best and precision is not None:
        raise click.UsageError("--best and --precision both decide how many runs there are; give one of them")
