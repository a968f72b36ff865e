"""``flywheel run``: one scenario, once or many times."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from flywheel_sim.commands.command_output import Answer, answers
from flywheel_sim.commands.eta import expected_work
from flywheel_sim.commands.observed import FIGURE, REPLICATES, overlaid, seen
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.run_options import (
    REPORT,
    RULES,
    WORLDS,
    changed,
    manifest,
    names,
    over,
    places,
    readable,
    rules_of,
    written,
)

__all__ = ["run"]


@click.command()
@click.argument("spec", metavar="SCENARIO", shell_complete=names)
@REPORT
@FIGURE
@WORLDS
@RULES
@answers("run", "set", "seed", "replicates", "workers", "out")
def run(
    spec: str,
    report: Path | None,
    figure: Path | None,
    worlds: int | None,
    worlds_from: Path | None,
    interventions: tuple[str, ...],
    team_classes: tuple[str, ...],
    changes: dict[str, Any],
    seed: int,
    replicates: int | None,
    workers: int | None,
    out: Path | None,
) -> Answer:
    """Run one scenario and print what it comes to.

    SCENARIO is the name of a shipped scenario or the path of a YAML file.  --out saves the result as a folder; with
    --replicates the numbers are medians.  A scenario that names observed data is laid over them.  With --worlds run k
    is of world k of the company, so the numbers hold what is not known of it, too.  Python of your own takes part with
    --intervention and --team-class; modules in the current folder are found.
    """
    (scenario,) = changed((spec,), changes)
    places(out, report)
    ruled = rules_of(interventions, team_classes)
    observed = seen(scenario, figure)
    if worlds is not None and replicates is not None:
        raise click.UsageError("--worlds says what is run and how often; leave --replicates out")
    drawn = over([scenario], worlds, worlds_from)
    replicates = worlds or replicates or (REPLICATES if observed else 1)
    single = replicates == 1 and not drawn
    work = partial(expected_work, scenario) if single else None
    with progress(scenario.title, work) as step:  # first, so that it is said at once when the engine must be compiled
        from flywheel_sim.execute import run as running

        if single:
            runs = [running.run(scenario, seed, workers=workers, progress=step, **ruled)]
        elif drawn:
            runs = running.batch(
                [scenario], replicates=replicates, seed=seed, workers=workers, progress=step, each=drawn.each, **ruled
            )[0]
        else:
            runs = running.batch([scenario], replicates=replicates, seed=seed, workers=workers, progress=step, **ruled)[
                0
            ]
    from flywheel_sim.present.tables import summary_table
    from flywheel_sim.results import Outcomes

    outcomes = Outcomes.of([runs])
    if drawn:
        from flywheel_sim.study.worlds.answering import answered

        outcomes = answered(replace(outcomes, scenarios=(scenario,)), drawn)
    whole = runs[0] if len(runs) == 1 and not drawn else outcomes
    written(whole, out, report)
    parts, more = overlaid(runs, observed, figure, holds="parameters" if drawn else "luck")
    data = runs[0].to_dict() | {"replicates": len(runs)} | outcomes.summary_of(0) | more
    reasons = {key: reason for run in reversed(runs) for key, reason in run.missing.items()}
    data["missing"] = {key: reasons[key] for key, value in data["summary"].items() if value is None and key in reasons}
    return Answer(data, readable(summary_table(runs), *parts), manifest(whole.provenance))
