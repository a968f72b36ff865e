"""``flywheel sensitivity``: which parameters matter."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.command_output import Answer, answers, say
from flywheel_sim.commands.run_options import readable
from flywheel_sim.commands.study_options import CHOSEN, ON, STUDY, Asked, asking
from flywheel_sim.files import place

if TYPE_CHECKING:
    from flywheel_sim.results.sensitivity import Sensitivity

__all__ = ["sensitivity"]


@click.command()
@STUDY
@click.option("--outcome", "outcomes", multiple=True, help="Show this outcome; repeatable (default: the first).")
@click.option(
    "--figure", type=click.Path(path_type=Path, dir_okay=False), default=None, help="Draw the tornado here (PNG)."
)
@ON
@answers("sensitivity", *CHOSEN)
@asking
def sensitivity(asked: Asked, outcomes: tuple[str, ...], figure: Path | None) -> Answer:
    """Run a study with a sobol or morris design and say which parameters matter.

    STUDY is a study file, the name of a shipped study, or the folder of a sweep that has been run.  All points of a
    base row have the same luck, so that luck is not taken for an effect; its share is told apart.  A study of two
    scenarios also tells what moves the difference between them.  Exit 1 when a run failed.
    """
    from flywheel_sim.study.sensitivity import analysis

    if figure is not None:
        place(figure, ".png", what="this figure")
    swept, folder, failed, seeds, hashes = _found(asked)
    indices = analysis.of_sweep(swept)
    shown = _shown(indices, outcomes)
    if figure is not None and not indices.tells(shown[0]):
        say(f"no {figure}: {indices.sentence(shown[0])}")
    elif figure is not None:
        from flywheel_sim.present.drawing import save_png
        from flywheel_sim.present.tornado import tornado_chart

        save_png(tornado_chart(indices, shown[0]), figure)
        say(f"wrote {figure}")
    data = {"folder": folder, **indices.to_dict()}
    return Answer(data, _told(indices, shown), {"seeds": seeds, "hashes": hashes}, failed=failed)


def _found(asked: Asked) -> tuple[Any, str, bool, dict[str, int], dict[str, str]]:
    """Return the sweep, made now or before, and where it is."""
    from flywheel_sim.execute.drive import resume_command
    from flywheel_sim.execute.store import Store
    from flywheel_sim.study.design import sweep as sweeping
    from flywheel_sim.study.sensitivity.analysis import fit_for_indices

    if asked.ran():
        swept = sweeping.Sweep(Store.open(asked.study))
    else:
        ready = asked.read()
        fit_for_indices(ready)
        go_on = "flywheel sensitivity {folder}, after {resume} if it is not complete"
        with asked.running(ready, sweeping.folder_of(ready), go_on) as (folder, step):
            swept = sweeping.sweep(ready, folder, on=asked.on, workers=asked.workers, progress=step)
    now, experiment = swept.standing, swept.store.experiment
    if now.done < now.total:
        say(f"note: {now.done} of {now.total} runs are there; {resume_command(swept.store)} makes the others")
    hashes = {name: scenario.hash for name, scenario in experiment.scenarios.items()}
    failed = bool(now.failed or swept.stopped)
    return swept, str(swept.store.folder), failed, {"seed": experiment.seed}, {**hashes, **swept.store.code}


def _shown(indices: "Sensitivity", asked: tuple[str, ...]) -> list[str]:
    """Return outcomes to show: those asked for, by their name or without the scenario; else the difference, else the
    first.
    """
    from flywheel_sim.scenario.errors import nearest

    known = indices.outcomes
    if not asked:
        return [indices.foremost]
    outcomes: list[str] = []
    for name in asked:
        some = [one for one in known if one == name or one.partition(" (")[0] == name]
        if not some:
            error = click.UsageError(f"the study keeps no outcome '{name}'")
            error.suggestion = nearest(name, known)  # type: ignore[attr-defined]
            raise error
        outcomes += some
    return outcomes


def _told(indices: "Sensitivity", shown: list[str]) -> Any:
    from rich.text import Text

    from flywheel_sim.present.tables import sensitivity_table

    parts: list[Any] = []
    for outcome in shown:
        parts += [Text(indices.sentence(outcome), style="bold"), Text("")]
        if indices.tells(outcome):
            parts += [sensitivity_table(indices, outcome), Text(indices.settling(outcome), style="dim"), Text("")]
    others = [indices.sentence(name) for name in indices.outcomes if name not in shown and not indices.tells(name)]
    parts += [Text(said, style="dim") for said in others]
    return readable(*(parts if others else parts[:-1]))
