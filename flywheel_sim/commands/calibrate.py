"""``flywheel calibrate``: fit a scenario to observed data, or find everything that they leave possible."""

import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.command_output import Answer, answers, say
from flywheel_sim.commands.run_options import changed, names, readable
from flywheel_sim.commands.study_options import ON, standing
from flywheel_sim.files import place, write_text
from flywheel_sim.typed import command

if TYPE_CHECKING:
    from flywheel_sim.results.posterior import Posterior
    from flywheel_sim.scenario import Scenario
    from flywheel_sim.study.calibration.calibrate import Calibration

__all__ = ["answer_of_posterior", "calibrate", "go_on"]

#: Seconds between two lines of progress.
EVERY = 5.0
#: Probability below which a table is said to depart from the model.
UNLIKELY = 0.01


@click.command()
@click.argument("spec", metavar="SCENARIO", shell_complete=names)
@click.argument("data", metavar="[DATA]", required=False)
@click.option("--until", default=None, metavar="DATE", help="Last date the fit may see; later ones test it.")
@click.option(
    "--method",
    type=click.Choice(["fit", "posterior"]),
    default="fit",
    show_default=True,
    help="fit: the best values, in a minute.  posterior: everything the data leave possible, as a table to draw from.",
)
@click.option("--trials", type=click.IntRange(50), default=None, help="Parameter sets of the posterior (default 400).")
@ON
@click.option("--in-place", is_flag=True, help="Put the fitted numbers into SCENARIO, a file, instead of a new one.")
@click.option("--figure", type=click.Path(path_type=Path, dir_okay=False), default=None, help="Draw it here, as SVG.")
@answers("calibrate", "set", "seed", "replicates", "workers", "out")
def calibrate(
    spec: str,
    data: str | None,
    until: str | None,
    method: str,
    trials: int | None,
    on: str | None,
    in_place: bool,
    figure: Path | None,
    changes: dict[str, Any],
    seed: int,
    replicates: int | None,
    workers: int | None,
    out: Path | None,
) -> Answer:
    """Fit SCENARIO to observed data and write the fitted scenario.

    What may be fitted, its limits and its priors stand in the scenario under observed.fit.  DATA is a CSV file that is
    read by the scenario's own mapping, or a YAML file with a mapping; without it the scenario's data are used.  The
    fitted scenario goes to --out, by default SCENARIO-fitted.yaml here.  Exit 1 when the fit has not converged.  While
    it runs, what has been simulated and the best point so far stand in a folder beside it, SCENARIO-fitted.fit;
    flywheel resume goes on with that after Ctrl-C or a crash, to the same result.

    Where SCENARIO says what is known of the company (known: {churn: 3% a month}), settings are found with which it
    comes to that, and the references and targets of its base case are set again; SCENARIO-fitted.yaml extends it.
    Exit 1 when a number is not met.

    With --method posterior the runs go to a folder (--out, by default SCENARIO-posterior) with worlds.json (the
    draws), calibrated.yaml and posterior.json; flywheel resume goes on with it after Ctrl-C or a crash, and run,
    compare and optimize draw from it with --worlds N --worlds-from DIR.  Exit 1 when the model cannot have made the
    data.
    """
    from flywheel_sim.study.calibration.observations import with_data
    from flywheel_sim.study.design.unit_mismatch import fit_warnings

    if data is None and until is None and method == "fit" and not in_place and trials is None and on is None:
        from flywheel_sim.commands.known import knows, settle

        if knows(spec, changes):
            return settle(spec, changes, seed, replicates, workers, out)
    (start,) = changed((spec,), changes)
    for warning in fit_warnings(with_data(start, data, until)):
        say(f"note: {warning}")
    if method == "posterior":
        if in_place:
            raise click.UsageError("--in-place is for --method fit; a posterior leaves calibrated.yaml in its folder")
        return _posterior(start, data, until, trials, on, seed, replicates, workers, out, figure)
    if trials is not None or on is not None:
        raise click.UsageError("--trials and --on are for --method posterior")
    if in_place and (out is not None or changes or data or not Path(spec).is_file()):
        raise click.UsageError("--in-place takes the path of a scenario file, without DATA, --out and --set")
    target = Path(spec) if in_place else out or Path(f"{Path(start.name).stem}-fitted.yaml")
    if out is None and not in_place and target.exists():
        raise click.UsageError(f"{target} exists; name another file with --out, or remove it")
    asked = Asked(
        spec=spec,
        data=data,
        until=until,
        changes=changes,
        seed=seed,
        replicates=replicates,
        target=str(target),
        in_place=in_place,
        figure=str(figure) if figure else None,
    )
    place(target, ".yaml", ".yml", what="a scenario")
    folder = asked.folder
    if folder.exists():
        go_on = command("flywheel", "resume", folder)
        raise click.UsageError(f"'{folder}' holds a fit that was interrupted; go on with it: {go_on}, or remove it")
    return _fit(asked, start, workers)


@dataclass(frozen=True)
class Asked:
    """What a fit was asked for, as JSON can hold it, so that it can be gone on with."""

    spec: str
    data: str | None
    until: str | None
    changes: dict[str, Any]
    seed: int
    replicates: int | None
    target: str
    in_place: bool
    figure: str | None

    @property
    def folder(self) -> Path:
        """Where its parameter sets are kept until the fitted scenario is on file."""
        return Path(self.target).with_suffix(".fit")


def go_on(folder: Path, workers: int | None) -> Answer:
    """Go on with a fit that was interrupted or killed."""
    from flywheel_sim.results.saving import ResultError
    from flywheel_sim.study.calibration.fit_log import asked_of

    given = asked_of(folder)
    try:
        asked = Asked(**given)
    except TypeError:
        raise ResultError(f"'{folder}' was not left by flywheel calibrate; go on with it in Python") from None
    if not asked.folder.exists() or not asked.folder.samefile(folder):
        raise click.UsageError(f"'{folder}' was begun in another folder as {asked.folder}; go on with it from there")
    (start,) = changed((asked.spec,), asked.changes)
    return _fit(asked, start, workers)


def _fit(asked: Asked, start: "Scenario", workers: int | None) -> Answer:
    """Fit, write the fitted scenario, and take away what was kept on the way."""
    target, figure = Path(asked.target), Path(asked.figure) if asked.figure is not None else None
    place(target, ".yaml", ".yml", what="a scenario")
    if figure is not None:
        place(figure, ".svg", what="this figure")
    from flywheel_sim.execute.drive import Interrupted
    from flywheel_sim.present.observed import dates_table, errors_table, overlay_notes, overlay_svg
    from flywheel_sim.results.provenance import provenance
    from flywheel_sim.study.calibration import fitted_scenario as fitted
    from flywheel_sim.study.calibration.calibrate import calibrate as fit
    from flywheel_sim.study.calibration.fit_log import BEST

    said = [time.monotonic()]

    def progress(sets: int, cost: float) -> None:
        if time.monotonic() - said[0] >= EVERY:
            said[0] = time.monotonic()
            say(f"calibrating {start.name}: {sets} parameter sets, cost {cost:.4g}")

    try:
        calibration = fit(
            start,
            asked.data,
            until=asked.until,
            replicates=asked.replicates or 16,
            seed=asked.seed,
            workers=workers,
            progress=progress,
            folder=asked.folder,
            asked=asdict(asked),
        )
    except Interrupted as error:
        if not asked.folder.exists():
            raise
        best, again = asked.folder / BEST, command("flywheel", "resume", asked.folder)
        raise Interrupted(f"{error}; it is in {best}; go on with: {again}") from None
    base = changed((asked.spec,), {})[0]
    if asked.in_place:
        text = fitted.in_place(calibration, base, target)
    else:
        text = fitted.as_scenario(calibration, base, asked.spec, target, _again(asked))
    write_text(target, text)
    shutil.rmtree(asked.folder, ignore_errors=True)
    say(f"wrote {target}; look at it with: {command('flywheel', 'run', target, '--replicates', '20')}")
    if figure is not None:
        write_text(figure, overlay_svg(calibration.overlay) + "\n")
        say(f"wrote {figure}")
    record = provenance(
        {calibration.scenario.name: calibration.scenario.hash}, asked.seed, replicates=calibration.replicates
    )
    summary = readable(
        _estimates(calibration),
        _judgment(calibration),
        "",
        dates_table(calibration.overlay),
        "",
        errors_table(calibration.overlay),
        "",
        overlay_notes(calibration.overlay),
    )
    manifest = {
        "seeds": {"seed": asked.seed, "replicates": calibration.replicates},
        "hashes": {**record.scenarios, "engine": record.engine},
    }
    return Answer({"file": str(target), **calibration.to_dict()}, summary, manifest, failed=not calibration.converged)


def _posterior(
    start: "Scenario",
    data: str | None,
    until: str | None,
    trials: int | None,
    on: str | None,
    seed: int,
    replicates: int | None,
    workers: int | None,
    out: Path | None,
    figure: Path | None,
) -> Answer:
    """Return everything that the data leave possible, into a folder."""
    from flywheel_sim.results.saving import vacant
    from flywheel_sim.study.calibration import posterior as study

    settings = study.Settings(trials=trials or study.Settings.trials, replicates=replicates or 4, seed=seed)
    folder = out or study.folder_of(start)
    if figure is not None:
        place(figure, ".svg", what="this figure")
    if (folder / "study.json").exists():
        go_on = command("flywheel", "resume", folder)
        raise click.UsageError(f"'{folder}' holds runs already; go on with them: {go_on}")
    vacant(folder)
    say(f"calibrating {start.name}: runs go to {folder}")
    with standing(f"Calibrating {start.name}") as step:
        made = study.posterior(
            start, data, folder, until=until, settings=settings, on=on, workers=workers, progress=step
        )
    return answer_of_posterior(made, figure)


def answer_of_posterior(posterior: "Posterior", figure: Path | None = None) -> Answer:
    """Draw a posterior into its folder, and return the answer that is printed."""
    from rich.text import Text

    from flywheel_sim.execute.store import Store
    from flywheel_sim.present.observed import dates_table, errors_table, overlay_notes
    from flywheel_sim.present.posterior import parameters_table, posterior_svg
    from flywheel_sim.results.worlds import FILE as WORLDS
    from flywheel_sim.study.calibration.fitted_scenario import CALIBRATED

    store = Store.open(posterior.folder)
    folder = store.folder
    picture = posterior_svg(posterior) + "\n"
    for path in (folder / "posterior.svg", *([figure] if figure is not None else ())):
        write_text(path, picture)
    say(f"wrote {folder / WORLDS}, {folder / CALIBRATED} and {folder / 'posterior.svg'}")
    use_it = command("flywheel", "run", folder / CALIBRATED, "--worlds", "200", "--worlds-from", folder)
    say(f"draw from it with: {use_it}")
    summary = readable(
        Text(posterior.sentences()[0]),
        "",
        parameters_table(posterior),
        "",
        *(Text(f"note: {warning}") for warning in posterior.warnings),
        "",
        dates_table(posterior.overlay),
        "",
        errors_table(posterior.overlay),
        "",
        overlay_notes(posterior.overlay),
    )
    base = next(iter(store.experiment.scenarios.values()))
    hashes = {base.name: base.hash, "calibrated": posterior.scenario.hash, **store.code, "runs": store.hash()}
    manifest = {"seeds": {"seed": posterior.seed, "replicates": posterior.replicates}, "hashes": hashes}
    return Answer(posterior.to_dict(), summary, manifest, failed=not posterior.fits)


def _estimates(calibration: "Calibration") -> Any:
    from rich import box
    from rich.table import Table

    from flywheel_sim.present.tables import setting

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("fitted")
    for name in ("before", "value", "standard error", "of the simulation", "prior", "from the data"):
        table.add_column(name, justify="right")
    table.add_column("")
    for one in calibration.estimates:
        prior = f"{one.prior:g} x/ {2.718281828**one.spread:.2g}" if one.prior else "none"
        share = f"{100 * one.from_data:.0f} %"
        luck = f"{100 * one.simulation_error:.2g} %" if one.simulation_error >= 0 else "-"
        numbers = (f"{one.start:g}", f"{one.value:g}", one.error, luck, prior, share)
        table.add_row(setting(one.path), *numbers, one.weakness)
    return table


def _judgment(calibration: "Calibration") -> str:
    """Tell whether it converged, and what the data do not tell, in sentences."""
    from flywheel_sim.results.assumptions import plain_label
    from flywheel_sim.results.words import inside

    ended = "Converged" if calibration.converged else "No reliable fit (not converged)"
    lines = [
        f"{ended}: {calibration.message}; one more step would move a parameter by {calibration.step_left:.2g} "
        f"standard errors at most. {calibration.method}; {calibration.evaluations} parameter sets of "
        f"{calibration.replicates} runs, seed {calibration.seed}."
    ]
    if calibration.misfit < UNLIKELY:
        lines.append(
            f"The retention table departs from the model by more than chance: deviance {calibration.deviance:.1f}, "
            f"which a true model exceeds with probability {calibration.misfit:.2g}; standard errors do not hold that."
        )
    kind = "nearly " if calibration.condition > 100 else ""
    lines.append(
        f"Condition number of the data's derivatives: {calibration.condition:.0f}"
        + (f": some combinations of parameters leave the fit {kind}unchanged." if kind else ".")
    )
    weak = [inside(plain_label(one.path)) for one in calibration.estimates if one.weak]
    if weak:
        lines.append(
            f"Weakly identified: {', '.join(weak)}. Other values fit about as well; do not read them as found."
        )
    names = [plain_label(one.path) for one in calibration.estimates]
    pairs = [
        f"{names[i]} and {inside(names[j])} ({calibration.correlation[i, j]:+.2f})"
        for i in range(len(names))
        for j in range(i)
        if abs(calibration.correlation[i, j]) > 0.8
    ]
    if pairs:
        lines.append(f"Hard to tell apart: {', '.join(pairs)}; fix one of each pair to learn the other.")
    return "\n".join(lines)


def _again(asked: Asked) -> str:
    from flywheel_sim.scenario.writing import one_line

    words = ["flywheel", "calibrate", asked.spec, *([asked.data] if asked.data else [])]
    words += ["--until", asked.until] if asked.until else []
    for path, value in asked.changes.items():
        words += ["--set", f"{path}={one_line(value)}"]
    words += ["--seed", str(asked.seed)] if asked.seed != 1 else []
    words += ["--replicates", str(asked.replicates)] if asked.replicates else []
    return command(*words, "--out", Path(asked.target))
