"""``flywheel demo``: the shortest way to a verdict and a report."""

from pathlib import Path
from typing import Any

import click

from flywheel_sim.commands.command_output import Answer, answers, say
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.run_options import (
    AS_ASSUMED,
    DETAIL,
    changed,
    manifest,
    places,
    said_early,
    told,
    written,
)

__all__ = ["SCENARIOS", "demo"]

#: The baseline and its challenger.
SCENARIOS = ("siloed-close-rate", "relationship-flywheel")
REPORT = Path("report.html")


@click.command()
@AS_ASSUMED
@DETAIL
@answers("demo", "set", "seed", "replicates", "workers", "out")
def demo(
    as_assumed: bool,
    detail: bool,
    changes: dict[str, Any],
    seed: int,
    replicates: int | None,
    workers: int | None,
    out: Path | None,
) -> Answer:
    """Compare two shipped scenarios, over worlds of their company, and leave report.html here."""
    scenarios = changed(SCENARIOS, changes)
    places(out, REPORT)
    with progress(f"Comparing {scenarios[0].title} and {scenarios[1].title}") as step:
        from flywheel_sim.study.comparison.compare import compare

        comparison = compare(scenarios, replicates, seed, workers, step, as_assumed=as_assumed, early=said_early)
    with progress("Looking at teams and segments") as step:
        comparison = comparison.with_groups(workers=workers, progress=step)
    written(comparison, out, REPORT)
    say("Next: flywheel scenario list, then flywheel compare A B --report mine.html")
    return Answer(
        comparison.to_dict() | {"report": str(REPORT)}, told(comparison, detail=detail), manifest(comparison.provenance)
    )
