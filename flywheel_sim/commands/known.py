"""``flywheel calibrate`` on a company of which numbers are known."""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flywheel_sim.commands.command_output import Answer, say, table
from flywheel_sim.files import place, write_text
from flywheel_sim.typed import command

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario
    from flywheel_sim.study.calibration.known_with_data import FittedBeside

__all__ = ["ABOUT", "go_on", "knows", "settle"]

#: What an unfinished search is kept in, in its folder.
ABOUT = "known.json"


def knows(spec: str, changes: dict[str, Any]) -> bool:
    """Tell whether the files of a scenario say what is known of the company."""
    from flywheel_sim.scenario import load

    scenario = load(spec)
    return bool((scenario.with_(changes) if changes else scenario).known)


def go_on(folder: Path, workers: int | None) -> Answer:
    """Go on with a search that was interrupted or killed."""
    asked = json.loads((folder / ABOUT).read_text("utf-8"))["asked"]
    target = Path(asked["target"])
    if not _folder(target).exists() or not _folder(target).samefile(folder):
        raise click.UsageError(f"'{folder}' was begun in another folder; go on with it from there")
    return _settle(asked, workers)


def settle(
    spec: str, changes: dict[str, Any], seed: int, replicates: int | None, workers: int | None, out: Path | None
) -> Answer:
    """Find settings with which a company comes to its known numbers, and write the file."""
    target = out or Path(f"{Path(spec).stem}-fitted.yaml")
    if out is None and target.exists():
        raise click.UsageError(f"{target} exists; name another file with --out, or remove it")
    place(target, ".yaml", ".yml", what="a scenario")
    if _folder(target).exists():
        again = command("flywheel", "resume", _folder(target))
        raise click.UsageError(f"'{_folder(target)}' holds a search that was interrupted; go on with it: {again}")
    asked = {"spec": spec, "changes": changes, "seed": seed, "replicates": replicates, "target": str(target)}
    return _settle(asked, workers)


def _folder(target: Path) -> Path:
    return target.with_suffix(".known")


def _settle(asked: dict[str, Any], workers: int | None) -> Answer:
    from flywheel_sim.results.assumptions import plain_label
    from flywheel_sim.scenario import load
    from flywheel_sim.study.calibration.known_numbers import as_file, meet, since

    target, base = Path(asked["target"]), load(asked["spec"])
    start = base.with_(asked["changes"]) if asked["changes"] else base
    folder, first, begun = _folder(target), None, start
    search = partial(
        meet,
        seed=asked["seed"],
        replicates=asked["replicates"],
        workers=workers,
        progress=say,
        folder=folder,
        asked=asked,
    )
    try:
        fit = search(start)
        if start.model.observed.fit and start.model.observed.file:
            # the rest is fitted where the known numbers are met, and they are met again from there
            first = _data_beside(fit.scenario, asked, workers, folder)
            if first.values:
                fit = since(begun, fit, search(first.scenario))
    except KeyboardInterrupt:
        say(f"interrupted; go on with: {command('flywheel', 'resume', folder)}")
        raise
    write_text(target, as_file(fit, base, asked["spec"], target))
    shutil.rmtree(folder, ignore_errors=True)
    say(f"wrote {target}; lay a plan on it: {command('flywheel', 'compare', target, f'{target}+churn-pay')}")
    rows, data = [], []
    for one in fit.numbers:
        moved = "; ".join(f"{plain_label(path)}: {a:.6g} -> {b:.6g}" for path, (a, b) in one.moved.items()) or "-"
        value = f"{one.value:.5g} +- {one.error:.2g}" if one.error else f"{one.value:.6g}"
        met = "met" if one.met else "NOT MET"
        rows.append((one.known.name, one.known.said, f"{one.before:.5g}", value, met, moved, one.why))
        data.append(
            {
                "name": one.known.name, "said": one.known.said, "low": one.known.low, "high": one.known.high,
                "before": one.before, "value": one.value, "error": one.error, "met": one.met, "why": one.why,
                "moved": {path: list(pair) for path, pair in one.moved.items()},
            }
        )  # fmt: skip
    text = table(("known", "said", "before", "comes to", "", "moved", "why"), rows)
    rest = f"references {'have come to rest' if fit.settled else 'HAVE NOT come to rest'} after {fit.rounds} rounds"
    targets = ", ".join(f"{name} {value:g}" for name, value in fit.targets.items())
    beside = _beside_the_data(first, fit.scenario, asked["seed"], workers) if first is not None else {}
    if beside:
        text = f"{text}\n{beside['told']}"
    more = f"{rest}; targets of measures, as this company's base case brings them: {targets or 'none'}"
    answer: dict[str, Any] = {
        "file": str(target),
        "numbers": data,
        "settled": fit.settled,
        "targets": dict(fit.targets),
    }
    if beside:
        answer["observed"] = {name: beside[name] for name in ("fitted", "kept", "distances")}
    manifest = {"seeds": {"seed": asked["seed"]}, "hashes": {fit.scenario.name: fit.scenario.hash}}
    return Answer(answer, f"{text}\n{more}", manifest, failed=not fit.met)


def _data_beside(start: "Scenario", asked: dict[str, Any], workers: int | None, folder: Path) -> "FittedBeside":
    """Fit to the data what no known number moves; a fit that was killed is gone on with from the folder."""
    from flywheel_sim.study.calibration.known_with_data import fit_beside

    return fit_beside(
        start,
        seed=asked["seed"],
        replicates=asked["replicates"] or 16,
        workers=workers,
        progress=say,
        folder=folder / "fit",
    )


def _beside_the_data(first: "FittedBeside", end: "Scenario", seed: int, workers: int | None) -> dict[str, Any]:
    """Say what was fitted to the data, and how far they are from the company now."""
    from flywheel_sim.study.calibration.known_with_data import distances

    away = distances(end, seed=seed, replicates=16, workers=workers)
    fitted = ", ".join(f"{path} {value:.4g}" for path, value in first.values.items()) or "nothing"
    kept = f"; {', '.join(first.kept)} left to the known numbers" if first.kept else ""
    listed = ", ".join(f"{name} {100 * x:.2g} %" for name, x in away.items()) or "nothing to compare"
    said = f"fitted to the data: {fitted}{kept}; the data are off by (root mean square): {listed}"
    return {"told": said, "fitted": first.values, "kept": list(first.kept), "distances": away}
