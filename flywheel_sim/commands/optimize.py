"""``flywheel optimize``: search for the best settings."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from flywheel_sim.commands.envelope import Answer, answers, say, write_text
from flywheel_sim.commands.running import POSTERIOR, drawable, readable
from flywheel_sim.commands.sweeping import ON, standing

if TYPE_CHECKING:
    from flywheel_sim.results.search import Optimum

__all__ = ["answer_of_search", "optimize"]


@click.command()
@click.argument("study", metavar="STUDY")
@ON
@click.option("--check", is_flag=True, help="Check the study, say how many runs it may take, and stop.")
@click.option("--figure", type=click.Path(path_type=Path, dir_okay=False), default=None, help="Draw it here (PNG).")
@click.option(
    "--best",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write the answer here, as a scenario.",
)
@POSTERIOR
@answers("optimize", "set", "seed", "replicates", "workers", "out")
def optimize(
    study: str,
    on: str | None,
    check: bool,
    figure: Path | None,
    best: Path | None,
    posterior: Path | None,
    changes: dict[str, Any],
    seed: int,
    replicates: int | None,
    workers: int | None,
    out: Path | None,
) -> Answer:
    """Search for the best settings: a study file with search: in it.

    STUDY is a study file, the name of a shipped one, or the folder of a search.  One objective is searched with CMA-ES,
    several with NSGA-II.  The answer is run again under luck the search has not seen, and by how much the search was
    too hopeful is told.  After Ctrl-C or a crash, flywheel resume goes on where it was.  Exit 1 when nothing better was
    found.
    """
    from flywheel_sim.results.saving import vacant
    from flywheel_sim.study import optimize as searching
    from flywheel_sim.study.search_file import with_posterior
    from flywheel_sim.study.study_file import read_study

    given = click.get_current_context().get_parameter_source("seed") is not ParameterSource.DEFAULT
    for path in (figure, best):
        if path is not None and not path.absolute().parent.is_dir():
            raise click.UsageError(f"{path}: there is no folder {path.parent}")
    if (Path(study) / "study.json").is_file():
        if changes or given or replicates is not None or check or posterior is not None:
            raise click.UsageError(
                f"'{study}' is a search; --set, --seed, --replicates, --posterior and --check come too late"
            )
        with standing(f"Going on with {study}") as step:
            found = searching.resume(study, on=on, workers=workers, progress=step)
    else:
        drawable(posterior, changes, seed)
        ready = with_posterior(
            read_study(study, changes, replicates=replicates, seed=seed if given else None), posterior
        )
        plan = searching.planned(ready)
        if check:
            data = {"study": study, "runs": plan.runs, "search": plan.search, "again": plan.again, "draws": plan.draws}
            text = (
                f"{study}: ok, at most {plan.runs:,} runs: {plan.search:,} of the search, {plan.again:,} of the best "
                f"again, {plan.draws:,} over what is not known"
            )
            return Answer(data, text, {"hashes": {ready.base.name: ready.base.hash}})
        folder = out or searching.folder_of(ready)
        if (folder / "study.json").exists():
            raise click.UsageError(f"'{folder}' holds runs already; go on with them: flywheel resume {folder}")
        vacant(folder)
        title = ready.file.title or ready.name
        say(f"{title}: runs go to {folder}")
        with standing(title) as step:
            found = searching.optimize(ready, folder, on=on, workers=workers, progress=step)
    return answer_of_search(found, figure, best)


def answer_of_search(found: "Optimum", figure: Path | None = None, best: Path | None = None) -> Answer:
    """What a search comes to; draws it and writes the answer where that is asked for."""
    from rich.text import Text

    from flywheel_sim.execute.store import Store
    from flywheel_sim.present.tables import regret_table, search_table

    store = Store.open(found.folder)
    experiment = store.experiment
    base = next(iter(experiment.scenarios.values()))
    if figure is not None:
        from flywheel_sim.present.drawing import save_png
        from flywheel_sim.present.front import search_chart

        save_png(search_chart(found), figure)
        say(f"wrote {figure}")
    if best is not None and found.winner:
        write_text(best, base.with_(found.changes).to_yaml())
        say(f"wrote {best}")
    parts: list[Any] = [Text(found.sentence(), style="bold"), Text(""), search_table(found)]
    if found.robustness is not None:
        parts += [Text(""), Text(found.robustness.sentence()), Text(""), regret_table(found)]
    parts += [Text(f"note: {note}") for note in found.notes]
    parts += [Text(""), Text(f"the runs are in {found.folder}")]
    hashes = {name: scenario.hash for name, scenario in experiment.scenarios.items()}
    if found.winner:
        hashes["answer"] = base.with_(found.changes).hash
    made = {**store.code, "runs": store.hash()}
    manifest = {"seeds": {"seed": experiment.seed}, "hashes": {**hashes, **made}}
    return Answer(found.to_dict(), readable(*parts), manifest, failed=not found.winner)
