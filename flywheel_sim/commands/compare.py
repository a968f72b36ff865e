"""``flywheel compare``: scenarios against each other, or one against its funnel twin, with the same luck."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.amounts import AMOUNT, Share
from flywheel_sim.commands.command_output import Answer, answers, table
from flywheel_sim.commands.comparison_stages import further
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.run_options import (
    AS_ASSUMED,
    DETAIL,
    REPORT,
    RULES,
    changed,
    manifest,
    names,
    places,
    rules_of,
    said_early,
    told,
)

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario
    from flywheel_sim.scenario.funnel import TwinChange
    from flywheel_sim.study.comparison.compare import Comparison

__all__ = ["compare"]


@dataclass(frozen=True)
class Asked:
    """What a comparison was asked for on the command line."""

    specs: tuple[str, ...]
    horizon: int | None
    precision: float | None
    indifference: float
    best: bool
    confidence: float
    budget: int | None
    limit: int
    bridge: bool
    swings: bool
    full: bool
    report: Path | None
    worlds: int | None
    worlds_from: Path | None
    as_assumed: bool
    interventions: tuple[str, ...]
    team_classes: tuple[str, ...]
    detail: bool
    funnel_twin: bool
    keep: str | None
    bonus_neutral: bool
    changes: dict[str, Any]
    seed: int
    replicates: int | None
    workers: int | None
    out: Path | None

    def __post_init__(self) -> None:
        if self.budget is not None and not self.best:
            raise click.UsageError("--budget is for --best")
        if self.best and self.precision is not None:
            raise click.UsageError("--best and --precision both decide how many runs there are; give one of them")
        often = {"--precision": self.precision, "--replicates": None if self.best else self.replicates}
        instead = {"--as-assumed": self.as_assumed}
        for option, value, others in (
            ("--worlds", self.worlds, {**instead, **often}),
            ("--worlds-from", self.worlds_from, instead),
        ):
            for other, given in others.items() if value is not None else ():
                if given:
                    raise click.UsageError(f"{option} says what is run; leave {other} out")
        if self.keep and not self.funnel_twin:
            raise click.UsageError("--keep says what a funnel twin does; add --funnel-twin")
        if self.horizon is not None and "horizon_weeks" in self.changes:
            raise click.UsageError("give the horizon once: --horizon or --set horizon_weeks=...")

    @property
    def settings(self) -> dict[str, Any]:
        """What is set in every scenario, its horizon included."""
        return self.changes if self.horizon is None else self.changes | {"horizon_weeks": self.horizon}

    @property
    def stages(self) -> list[str]:
        """What is looked into after the comparison itself."""
        asked = {
            "bridge": self.bridge or self.full,
            "swings": self.swings or self.full,
            "groups": self.report is not None,
        }
        return [stage for stage, yes in asked.items() if yes]


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
@click.option("--bonus-neutral", is_flag=True, help="Let all pay schemes have the same expected payout.")
@click.option(
    "--worlds",
    type=click.IntRange(8),
    default=None,
    metavar="N",
    help="Run over N worlds of the company, no fewer. Unless told, over 200, where flywheel worlds has made as many or "
    "they are shipped.",
)
@click.option(
    "--worlds-from", type=click.Path(path_type=Path), default=None, metavar="DIR", help="Where they are, if elsewhere."
)
@AS_ASSUMED
@REPORT
@RULES
@DETAIL
@click.option(
    "--funnel-twin",
    is_flag=True,
    help="Compare one scenario with its funnel twin: the same company without post-sale care, referral and group.",
)
@click.option(
    "--keep",
    type=click.Choice(["budget", "savings"]),
    default=None,
    help="What the funnel twin does with the money it frees: moves it to acquisition (budget, the default) or keeps it "
    "as profit.",
)
@answers("compare", "set", "seed", "replicates", "workers", "out")
def compare(**options: Any) -> Answer:
    """Compare scenarios under the same luck; the first is the baseline.

    Run k of every scenario has the same luck, so the differences are about the scenarios.  --set applies to all of
    them; --out saves the comparison as a folder.  With --funnel-twin one scenario is compared with its funnel twin,
    which is the baseline: the difference is what the wheel adds.

    Amounts are in dollars: 250000, 250k, 0.25m.

    Where there are worlds of the company, run k of every scenario is of world k: what nobody knows is drawn, decisions
    never.  The verdict then says in how many worlds a scenario is worth more, and what would be worth finding out.
    --best, --bridge and --swings speak of means over luck and worlds.  What flywheel calibrate --method posterior has
    left is worlds as well (--worlds-from); a scenario keeps a value of its own where it differs from the first.
    --as-assumed takes every number as it is stated instead.

    --precision and --best decide how many runs there are; --replicates is then the first stage.  When the limit comes
    first, the exit code is 1.
    """
    asked = Asked(**options)
    scenarios = changed(asked.specs, asked.settings)
    if asked.bonus_neutral:
        from flywheel_sim.study.comparison.bonus_neutral import bonus_neutral as neutral

        scenarios = neutral(scenarios)
    removed: tuple[TwinChange, ...] = ()
    if asked.funnel_twin:
        scenarios, removed = _with_twin(scenarios, asked.keep or "budget")
    places(asked.out, asked.report)
    comparison = further(_compared(asked, scenarios), asked.stages, asked.workers, asked.out, asked.report)
    data, text = comparison.to_dict(), told(comparison, detail=asked.detail)
    if removed:
        data["funnel_twin"] = [change._asdict() for change in removed]
        rows = [(change.path, _short(change.before), _short(change.after), change.why) for change in removed]
        text = _beside(text, table(("the funnel twin changes", "from", "to", "because"), rows))
    chosen = comparison.chosen
    guaranteed = chosen is None or chosen.decided or chosen.method == "ocba"
    return Answer(data, text, manifest(comparison.provenance), failed=not (comparison.precise and guaranteed))


def _compared(asked: Asked, scenarios: "list[Scenario]") -> "Comparison":
    """Run the scenarios as they were asked to be compared, or the best of them to be chosen."""
    ruled = rules_of(asked.interventions, asked.team_classes)
    with progress(f"Comparing {len(scenarios)} scenarios") as step:
        from flywheel_sim.study.comparison import compare as study

        if asked.best:
            return study.choose(
                scenarios,
                asked.indifference,
                asked.confidence,
                budget=asked.budget,
                first_stage=asked.replicates or study.FIRST_STAGE,
                seed=asked.seed,
                workers=asked.workers,
                progress=step,
                limit=asked.limit,
                worlds=asked.worlds,
                worlds_from=asked.worlds_from,
                as_assumed=asked.as_assumed,
                **ruled,
            )
        return study.compare(
            scenarios,
            asked.replicates,
            asked.seed,
            asked.workers,
            step,
            precision=asked.precision,
            indifference=asked.indifference,
            limit=asked.limit,
            worlds=asked.worlds,
            worlds_from=asked.worlds_from,
            as_assumed=asked.as_assumed,
            early=said_early,
            **ruled,
        )


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
