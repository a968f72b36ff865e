"""``flywheel report``: draw a saved result."""

from pathlib import Path

import click

from flywheel_sim.commands.envelope import Answer, answers, say
from flywheel_sim.commands.running import manifest, places

__all__ = ["report"]


@click.command()
@click.argument("result", metavar="RESULT", type=click.Path(path_type=Path))
@answers("report", "out")
def report(result: Path, out: Path | None) -> Answer:
    """Write the HTML report of a saved result; --out FILE says where (default report.html).

    RESULT is a folder that run or compare wrote with --out.
    """
    from flywheel_sim.present.report import write_report
    from flywheel_sim.results import Outcomes, Run, open_run
    from flywheel_sim.results.run import SCHEMA
    from flywheel_sim.results.saving import read_manifest

    target = out or Path("report.html")
    places(None, target)
    found: Run | Outcomes
    kind = read_manifest(result)["schema"].rpartition("/")[0]
    found = open_run(result) if kind == SCHEMA.rpartition("/")[0] else Outcomes.open(result)
    write_report(found, target)
    say(f"wrote {target}")
    data = {"path": str(target), "result": str(result), "kind": kind}
    return Answer(data, str(target), manifest(found.provenance))
