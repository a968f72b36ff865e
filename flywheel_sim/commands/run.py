"""``flywheel run``: one scenario, once or many times."""

from pathlib import Path
from typing import Any

import click

from flywheel_sim.commands.envelope import Answer, answers
from flywheel_sim.commands.overlaid import FIGURE, REPLICATES, overlaid, seen
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.running import REPORT, changed, manifest, names, places, readable, written

__all__ = ["run"]


@click.command()
@click.argument("spec", metavar="SCENARIO", shell_complete=names)
@REPORT
@FIGURE
@answers("run", "set", "seed", "replicates", "workers", "out")
def run(
    spec: str,
    report: Path | None,
    figure: Path | None,
    changes: dict[str, Any],
    seed: int,
    replicates: int | None,
    workers: int | None,
    out: Path | None,
) -> Answer:
    """Run one scenario and print what it comes to.

    SCENARIO is the name of a shipped scenario or the path of a YAML file.  --out saves the result as a folder; with
    --replicates the numbers are medians.  A scenario that names observed data is laid over them.
    """
    (scenario,) = changed((spec,), changes)
    places(out, report)
    observed = seen(scenario, figure)
    replicates = replicates or (REPLICATES if observed else 1)
    with progress(scenario.title) as step:  # first, so that it is said at once when the engine must be compiled
        from flywheel_sim.execute import run as running

        if replicates == 1:
            runs = [running.run(scenario, seed, workers=workers, progress=step)]
        else:
            runs = running.batch([scenario], replicates=replicates, seed=seed, workers=workers, progress=step)[0]
    from flywheel_sim.present.tables import summary_table
    from flywheel_sim.results import Outcomes

    outcomes = Outcomes.of([runs])
    whole = runs[0] if len(runs) == 1 else outcomes
    written(whole, out, report)
    parts, more = overlaid(runs, observed, figure)
    data = runs[0].to_dict() | {"replicates": len(runs)} | outcomes.summary_of(0) | more
    return Answer(data, readable(summary_table(runs), *parts), manifest(whole.provenance))
