"""``flywheel optimize``: search for the best settings."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.command_output import Answer, answers, say
from flywheel_sim.commands.run_options import WORLDS, readable
from flywheel_sim.commands.study_options import CHOSEN, ON, STUDY, Asked, asking, standing
from flywheel_sim.files import place, write_text

if TYPE_CHECKING:
    from flywheel_sim.results.search import Optimum

__all__ = ["answer_of_search", "optimize"]


@click.command()
@STUDY
@ON
@click.option("--check", is_flag=True, help="Check the study, say how many runs it may take, and stop.")
@click.option("--figure", type=click.Path(path_type=Path, dir_okay=False), default=None, help="Draw it here (PNG).")
@click.option(
    "--best",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write the answer here, as a scenario.",
)
@WORLDS
@answers("optimize", *CHOSEN)
@asking
def optimize(
    asked: Asked, check: bool, figure: Path | None, best: Path | None, worlds: int | None, worlds_from: Path | None
) -> Answer:
    """Search for the best settings: a study file with search: in it.

    STUDY is a study file, the name of a shipped one, or the folder of a search.  One objective is searched with CMA-ES,
    several with NSGA-II.  The answer is run again under luck the search has not seen, and by how much the search was
    too hopeful is told.  With --worlds run k of every point is of world k: mean, worst share (cvar:) and share of runs
    won (won:) are then over what nobody knows as well.  After Ctrl-C or a crash, flywheel resume goes on where it was.
    Exit 1 when nothing better was found.
    """
    from flywheel_sim.study.search import optimize as searching
    from flywheel_sim.study.search.search_file import with_worlds

    if figure is not None:
        place(figure, ".png", what="this figure")
    if best is not None:
        place(best, ".yaml", ".yml", what="a scenario")
    if asked.ran(check, worlds is not None or worlds_from is not None):
        with standing(f"Going on with {asked.study}") as step:
            optimum = searching.resume(asked.study, on=asked.on, workers=asked.workers, progress=step)
        return answer_of_search(optimum, figure, best)
    ready = with_worlds(asked.read(), worlds, worlds_from)
    plan = searching.planned(ready)
    if check:
        data = {
            "study": asked.study,
            "runs": plan.runs,
            "search": plan.search,
            "again": plan.again,
            "draws": plan.draws,
        }
        text = (
            f"{asked.study}: ok, at most {plan.runs:,} runs: {plan.search:,} of the search, {plan.again:,} of the best "
            f"again, {plan.draws:,} over what is not known"
        )
        return Answer(data, text, {"hashes": {ready.base.name: ready.base.hash}})
    with asked.running(ready, searching.folder_of(ready)) as (folder, step):
        optimum = searching.optimize(ready, folder, on=asked.on, workers=asked.workers, progress=step)
    return answer_of_search(optimum, figure, best)


def answer_of_search(optimum: "Optimum", figure: Path | None = None, best: Path | None = None) -> Answer:
    """Return what a search comes to; draws it and writes the answer where that is asked for."""
    from rich.text import Text

    from flywheel_sim.execute.store import Store
    from flywheel_sim.present.tables import regret_table, search_table

    store = Store.open(optimum.folder)
    experiment = store.experiment
    base = next(iter(experiment.scenarios.values()))
    if figure is not None:
        from flywheel_sim.present.drawing import save_png
        from flywheel_sim.present.search import search_chart

        save_png(search_chart(optimum), figure)
        say(f"wrote {figure}")
    if best is not None and optimum.winner:
        write_text(best, base.with_(optimum.changes).to_yaml())
        say(f"wrote {best}")
    parts: list[Any] = [Text(optimum.sentence(), style="bold"), Text(""), search_table(optimum)]
    if optimum.robustness is not None:
        parts += [Text(""), Text(optimum.robustness.sentence()), Text(""), regret_table(optimum)]
    parts += [Text(f"note: {note}") for note in optimum.notes]
    parts += [Text(""), Text(f"the runs are in {optimum.folder}")]
    hashes = {name: scenario.hash for name, scenario in experiment.scenarios.items()}
    if optimum.winner:
        hashes["answer"] = base.with_(optimum.changes).hash
    code = {**store.code, "runs": store.hash()}
    manifest = {"seeds": {"seed": experiment.seed}, "hashes": {**hashes, **code}}
    return Answer(optimum.to_dict(), readable(*parts), manifest, failed=not optimum.winner)
