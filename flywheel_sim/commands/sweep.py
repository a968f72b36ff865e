"""``flywheel sweep``: run a study file."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from flywheel_sim.commands.envelope import Answer, answers, say
from flywheel_sim.commands.sweeping import ON, ON_ERROR, answer, standing

__all__ = ["sweep"]


@click.command()
@click.argument("study", metavar="STUDY")
@ON
@ON_ERROR
@click.option("--check", is_flag=True, help="Check the study, say how many runs it has, and stop.")
@answers("sweep", "set", "seed", "replicates", "workers", "out")
def sweep(
    study: str,
    on: str | None,
    on_error: str,
    check: bool,
    changes: dict[str, Any],
    seed: int,
    replicates: int | None,
    workers: int | None,
    out: Path | None,
) -> Answer:
    """Run a study: its whole design, into a folder.

    STUDY is a study file or the name of a shipped one.  The runs go to --out, by default STUDY-runs here, as parquet
    files that other programs can read meanwhile.  After Ctrl-C or a crash, flywheel resume goes on where it was.
    --seed and --replicates replace the study's; --set applies to every run.  Exit 1 when a run failed.
    """
    from flywheel_sim.results.saving import vacant
    from flywheel_sim.study import sweep as sweeping
    from flywheel_sim.study.study_file import read_study

    given = click.get_current_context().get_parameter_source("seed") is not ParameterSource.DEFAULT
    ready = read_study(study, changes, replicates=replicates, seed=seed if given else None)
    folder = out or sweeping.folder_of(ready)
    if check:
        return _checked(study, *sweeping.planned(ready))
    if (folder / "study.json").exists():
        raise click.UsageError(f"'{folder}' holds a sweep already; go on with it: flywheel resume {folder}")
    vacant(folder)
    say(f"{ready.file.title or ready.name}: runs go to {folder}")
    with standing(ready.file.title or ready.name) as step:
        found = sweeping.sweep(ready, folder, on=on, workers=workers, stop_on_error=on_error == "stop", progress=step)
    return answer(found)


def _checked(study: str, experiment: Any, design: Any) -> Answer:
    data = {"study": study, "points": len(design.points), "replicates": design.replicates, "runs": design.runs}
    hashes = {name: scenario.hash for name, scenario in experiment.scenarios.items()}
    text = f"{study}: ok, {len(design.points)} points x {design.replicates} replicates = {design.runs} runs"
    return Answer(data, text, {"seeds": {"seed": experiment.seed}, "hashes": hashes})
