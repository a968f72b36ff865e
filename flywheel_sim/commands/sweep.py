"""``flywheel sweep``: run a study file."""

from typing import Any

import click

from flywheel_sim.commands.command_output import Answer, answers
from flywheel_sim.commands.run_options import RULES, rules_of
from flywheel_sim.commands.study_options import CHOSEN, ON, ON_ERROR, STUDY, Asked, answer, asking

__all__ = ["sweep"]


@click.command()
@STUDY
@ON
@ON_ERROR
@click.option("--check", is_flag=True, help="Check the study, say how many runs it has, and stop.")
@RULES
@answers("sweep", *CHOSEN)
@asking
def sweep(
    asked: Asked, on_error: str, check: bool, interventions: tuple[str, ...], team_classes: tuple[str, ...]
) -> Answer:
    """Run a study: its whole design, into a folder.

    STUDY is a study file or the name of a shipped one.  The runs go to --out, by default STUDY-runs here, as parquet
    files that other programs can read meanwhile.  After Ctrl-C or a crash, flywheel resume goes on where it was.
    --seed and --replicates replace the study's; --set applies to every run, and so does Python of your own that
    --intervention and --team-class name.  Exit 1 when a run failed.
    """
    from flywheel_sim.execute.ruled import rules
    from flywheel_sim.study.design import sweep as sweeping

    ready = asked.read()
    ruled = rules_of(interventions, team_classes)
    if check:
        return _checked(asked.study, *sweeping.planned(ready, rules(**ruled)))
    stop = on_error == "stop"
    with asked.running(ready, sweeping.folder_of(ready)) as (folder, step):
        swept = sweeping.sweep(
            ready, folder, on=asked.on, workers=asked.workers, stop_on_error=stop, progress=step, **ruled
        )
    return answer(swept)


def _checked(study: str, experiment: Any, design: Any) -> Answer:
    data = {"study": study, "points": len(design.points), "replicates": design.replicates, "runs": design.runs}
    hashes = {name: scenario.hash for name, scenario in experiment.scenarios.items()}
    text = f"{study}: ok, {len(design.points)} points x {design.replicates} replicates = {design.runs} runs"
    return Answer(data, text, {"seeds": {"seed": experiment.seed}, "hashes": hashes})
