"""``flywheel resume``: go on with a sweep, a search, a calibration or worlds."""

import os
from pathlib import Path

import click

from flywheel_sim.commands.command_output import Answer, answers, say
from flywheel_sim.commands.study_options import ON, ON_ERROR, answer, standing
from flywheel_sim.typed import command

__all__ = ["resume"]


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@ON
@ON_ERROR
@click.option("--retry-failed", is_flag=True, help="Make the runs that failed again, too.")
@answers("resume", "workers")
def resume(folder: Path, on: str | None, on_error: str, retry_failed: bool, workers: int | None) -> Answer:
    """Go on with a sweep, search, fit, calibration, comparison or worlds that were interrupted, killed or cut off.

    Runs that are there stay as they are, to the last bit; parts that were damaged are put aside and their runs made
    again.  Failed runs count as finished unless --retry-failed asks for them.  Exit 1 when a run failed.
    """
    from flywheel_sim.commands.known import ABOUT as KNOWN
    from flywheel_sim.execute.checksums import STUDY
    from flywheel_sim.execute.store import Store
    from flywheel_sim.results.saving import MANIFEST
    from flywheel_sim.results.worlds import FILE as WHOLE
    from flywheel_sim.study.calibration.fit_log import ABOUT
    from flywheel_sim.study.design import sweep as sweeping
    from flywheel_sim.study.search import optimize as searching
    from flywheel_sim.study.worlds.unfinished import ABOUT as WORLDS

    if (folder / ABOUT).is_file():
        from flywheel_sim.commands.calibrate import go_on

        if on is not None or retry_failed:
            raise click.UsageError("--on and --retry-failed are for sweeps; a fit runs on this machine's threads")
        return go_on(folder, workers)
    if (folder / KNOWN).is_file():
        from flywheel_sim.commands.known import go_on as meet_known

        if on is not None or retry_failed:
            raise click.UsageError("--on and --retry-failed are for sweeps; this runs on this machine's threads")
        return meet_known(folder, workers)
    if (folder / WORLDS).is_file() or ((folder / WHOLE).is_file() and not (folder / STUDY).is_file()):
        from flywheel_sim.commands.worlds import answer_of_worlds
        from flywheel_sim.commands.worlds import go_on as more_worlds
        from flywheel_sim.results.worlds import read_worlds

        if on is not None or retry_failed:
            raise click.UsageError("--on and --retry-failed are for sweeps; worlds are made on this machine's threads")
        if (folder / WORLDS).is_file():
            return more_worlds(folder, workers)
        return answer_of_worlds(read_worlds(folder), folder)
    if (folder / MANIFEST).is_file():
        return _comparison(folder, workers, on, retry_failed)
    store = Store.open(folder)
    if "calibration" in store.experiment.about:
        from flywheel_sim.commands.calibrate import answer_of_posterior
        from flywheel_sim.study.calibration import posterior as calibrating

        if retry_failed:
            raise click.UsageError("a calibration does without the trials that failed; leave --retry-failed out")
        with standing(f"Going on with {folder}") as step:
            left = calibrating.resume(folder, on=on, workers=workers, progress=step)
        return answer_of_posterior(left)
    if searching.is_search(store):
        from flywheel_sim.commands.optimize import answer_of_search

        with standing(f"Going on with {folder}") as step:
            optimum = searching.resume(folder, on=on, workers=workers, retry_failed=retry_failed, progress=step)
        if optimum.winner:
            say(f"as a scenario: {command('flywheel', 'optimize', folder, '--best', Path(f'{folder.name}-best.yaml'))}")
        return answer_of_search(optimum)
    with standing(f"Going on with {folder}") as step:
        made = sweeping.resume(
            folder, on=on, workers=workers, stop_on_error=on_error == "stop", retry_failed=retry_failed, progress=step
        )
    return answer(made)


def _comparison(folder: Path, workers: int | None, on: str | None, retry_failed: bool) -> Answer:
    """Return the stages that a comparison has left."""
    from flywheel_sim.commands.comparison_stages import STAGES, further
    from flywheel_sim.commands.run_options import manifest, told
    from flywheel_sim.results.outcomes import SCHEMA
    from flywheel_sim.results.saving import read_manifest
    from flywheel_sim.study.comparison.compare import Comparison

    if on is not None or retry_failed:
        raise click.UsageError("--on and --retry-failed are for sweeps; a comparison runs on this machine's threads")
    kept = read_manifest(folder, SCHEMA)
    left = kept.get("left") or []
    comparison = Comparison.open(folder)
    if left:
        report = Path(os.path.normpath(folder / kept["report"])) if kept.get("report") else None
        comparison = further(
            comparison, [stage for stage in STAGES if stage in left], workers, folder, report, replace=True
        )
    return Answer(comparison.to_dict(), told(comparison), manifest(comparison.provenance))
