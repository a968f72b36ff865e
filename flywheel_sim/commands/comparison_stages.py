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
    """Go through the stages, after the comparison is kept and its verdict is said; keep what each adds.

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
    left = list(stages)
    try:
        if out is not None:
            comparison.save(out, left=left, report=report, replace=replace)
        _draw(comparison, report)
        say(comparison.verdict.sentence)
        while left:
            with progress(STAGES[left[0]]) as step:
                comparison = getattr(comparison, f"with_{left[0]}")(workers=workers, progress=step)
            _draw(comparison, report)  # first, so that a stage whose report is not there counts as not done
            if out is not None:
                comparison.save(out, left=left[1:], report=report if left[1:] else None, replace=True)
            left = left[1:]
    except (KeyboardInterrupt, click.Abort):
        raise click.Abort(_how_to_go_on(left, out, report)) from None
    if out is not None:
        say(f"saved {out}; draw it with: {command('flywheel', 'report', out)}")
    if report is not None:
        say(f"wrote {report}")
    return comparison


def _draw(comparison: "Comparison", report: Path | None) -> None:
    if report is not None:
        from flywheel_sim.present.report import write_report

        write_report(comparison, report)


def _how_to_go_on(left: Sequence[str], out: Path | None, report: Path | None) -> str:
    from flywheel_sim.results.saving import MANIFEST

    undone = ", ".join(STAGES[stage][:1].lower() + STAGES[stage][1:] for stage in left)
    text = f"interrupted; the comparison is done; not done: {undone}"
    if report is not None and report.is_file():
        text += f"; the report so far is {report}"
    if out is None:
        return f"{text}; with --out it can be gone on with"
    if not (out / MANIFEST).is_file():
        return f"{text}; {out} was not written yet"
    return f"{text}; go on with: {command('flywheel', 'resume', out)}"
