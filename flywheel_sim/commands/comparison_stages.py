"""Look further into a comparison, a stage at a time, so that nothing that is known is lost when one is interrupted."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flywheel_sim.commands.command_output import say
from flywheel_sim.commands.progress import progress
from flywheel_sim.commands.run_options import written
from flywheel_sim.typed import command

if TYPE_CHECKING:
    from flywheel_sim.study.comparison.compare import Comparison

__all__ = ["STAGES", "further"]

#: Stage -> what is said while it runs.
STAGES = {
    "bridge": "Splitting the difference",
    "swings": "Moving one assumption at a time",
    "groups": "Looking at teams and segments",
}


def further(
    comparison: "Comparison",
    stages: Sequence[str],
    workers: int | None,
    out: Path | None,
    report: Path | None,
    *,
    replace: bool = False,
) -> "Comparison":
    """Go through the stages; what is known is written before each of them, and then the verdict is said.

    Parameters
    ----------
    comparison : Comparison
    stages : sequence of str
        Of `STAGES`.
    workers : int, optional
        Threads.
    out, report : Path, optional
        Where the comparison and its report go, after every stage.
    replace : bool
        Whether an earlier state of the same stands at ``out``.

    Raises
    ------
    click.Abort
        After Ctrl-C, naming what is left and the command that goes on with it.
    """
    if not stages:
        written(comparison, out, report)
        return comparison
    _keep(comparison, stages, out, report, replace=replace)
    for k, stage in enumerate(stages):
        try:
            if k == 0:
                say(comparison.verdict.sentence)
            else:
                _keep(comparison, stages[k:], out, report, replace=True)
            with progress(STAGES[stage]) as step:
                comparison = getattr(comparison, f"with_{stage}")(workers=workers, progress=step)
        except (KeyboardInterrupt, click.Abort):
            raise click.Abort(_how_to_go_on(stages[k:], out, report)) from None
    _keep(comparison, (), out, report, replace=True)
    if out is not None:
        say(f"saved {out}; draw it with: {command('flywheel', 'report', out)}")
    if report is not None:
        say(f"wrote {report}")
    return comparison


def _keep(
    comparison: "Comparison", left: Sequence[str], out: Path | None, report: Path | None, *, replace: bool
) -> None:
    if out is not None:
        comparison.save(out, left=left, report=report if left else None, replace=replace)
    if report is not None:
        from flywheel_sim.present.report import write_report

        write_report(comparison, report)


def _how_to_go_on(left: Sequence[str], out: Path | None, report: Path | None) -> str:
    undone = ", ".join(STAGES[stage][:1].lower() + STAGES[stage][1:] for stage in left)
    text = f"interrupted; the comparison is done, and its verdict said above; not done: {undone}"
    if report is not None:
        text += f"; the report so far is {report}"
    if out is None:
        return f"{text}; with --out it can be gone on with"
    return f"{text}; go on with: {command('flywheel', 'resume', out)}"
