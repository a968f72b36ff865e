"""``flywheel compare``: scenarios against each other with the same luck."""

from pathlib import Path
from typing import Any

import click

from flywheel_sim.commands.envelope import Answer, answers
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.running import REPORT, changed, manifest, places, told, written

__all__ = ["compare"]


@click.command()
@click.argument("specs", metavar="A B [C...]", nargs=-1, required=True)
@REPORT
@answers("compare", "set", "seed", "replicates", "workers", "out")
def compare(
    specs: tuple[str, ...],
    report: Path | None,
    changes: dict[str, Any],
    seed: int,
    replicates: int | None,
    workers: int | None,
    out: Path | None,
) -> Answer:
    """Compare scenarios under the same luck; the first is the baseline.

    Run k of every scenario has the same luck, so the differences are about the scenarios.  --set applies to all of
    them; --out saves the comparison as a folder.
    """
    scenarios = changed(specs, changes)
    places(out, report)
    from flywheel_sim.study.compare import compare as compared

    with progress(f"Comparing {len(scenarios)} scenarios") as step:
        found = compared(scenarios, replicates or 40, seed, workers, step)
    written(found, out, report)
    return Answer(found.to_dict(), told(found), manifest(found.provenance))
