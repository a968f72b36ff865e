"""``flywheel report``: draw a saved result."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flywheel_sim.commands.command_output import Answer, answers, say
from flywheel_sim.commands.run_options import manifest, places

if TYPE_CHECKING:
    from flywheel_sim.results.sensitivity import Sensitivity

__all__ = ["report"]


@click.command()
@click.argument("result", metavar="RESULT", type=click.Path(path_type=Path))
@click.option(
    "--sensitivity",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=None,
    help="Draw the tornado of this sweep (folder of a sobol or morris study) as well.",
)
@answers("report", "out")
def report(result: Path, sensitivity: Path | None, out: Path | None) -> Answer:
    """Write the HTML report of a saved result; --out FILE says where (default report.html).

    RESULT is a folder that run or compare wrote with --out.
    """
    from flywheel_sim.present.report import write_report
    from flywheel_sim.results import Outcomes, Run, open_run
    from flywheel_sim.results.run import SCHEMA
    from flywheel_sim.results.saving import read_manifest

    target = out or Path("report.html")
    places(None, target)
    saved: Run | Outcomes
    kind = read_manifest(result)["schema"].rpartition("/")[0]
    saved = open_run(result) if kind == SCHEMA.rpartition("/")[0] else Outcomes.open(result)
    write_report(saved, target, sensitivity=_indices(sensitivity))
    say(f"wrote {target}")
    data = {"path": str(target), "result": str(result), "kind": kind}
    return Answer(data, str(target), manifest(saved.provenance))


def _indices(folder: Path | None) -> "Sensitivity | None":
    """Return indices of a sweep that was run."""
    if folder is None:
        return None
    from flywheel_sim.execute.store import Store
    from flywheel_sim.study.design.sweep import Sweep
    from flywheel_sim.study.sensitivity.analysis import of_sweep

    return of_sweep(Sweep(Store.open(folder)))
