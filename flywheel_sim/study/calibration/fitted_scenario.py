"""Put a calibration on file: a new scenario that extends the old one, or the old file with its numbers replaced; of a
posterior, the table of its draws and the scenario with the middle one.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from flywheel_sim.engine.fingerprint import engine_hash
from flywheel_sim.files import write_text
from flywheel_sim.results.observed import SAMPLES, SIMULATION
from flywheel_sim.results.posterior import Posterior
from flywheel_sim.results.provenance import provenance
from flywheel_sim.results.worlds import FILE, Worlds
from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.composing import seen_from
from flywheel_sim.scenario.in_place import replaced
from flywheel_sim.scenario.writing import changes_as_yaml
from flywheel_sim.study.calibration.calibrate import Calibration, Estimate
from flywheel_sim.study.calibration.fit_log import written
from flywheel_sim.study.calibration.observations import located

__all__ = ["ABOUT", "CALIBRATED", "as_scenario", "in_place", "leave", "posterior_scenario", "summary_lines"]

#: Files of a posterior in its folder, beside its draws: what they come to, and the scenario.
ABOUT, CALIBRATED = "posterior.json", "calibrated.yaml"


def as_scenario(fit: Calibration, base: Scenario, spec: str, out: Path, command: str = "") -> str:
    """Return the text of a scenario file that extends ``base`` and holds the fitted values.

    Parameters
    ----------
    fit : Calibration
        What was found.
    base : Scenario
        What ``spec`` is, as it was read.
    spec : str
        The name or path that the fit started from.
    out : Path
        Where the text is to stand; a path to a parent is made relative to it.
    command : str
        What makes the file again.
    """
    extends = seen_from(spec, out.parent)
    after = fit.scenario.resolved()
    if "observed.file" in fit.scenario.changes:
        file = located(fit.scenario)
        after["observed"]["file"] = Path(os.path.relpath(file, out.parent)).as_posix()
    record = provenance({base.name: base.hash}, fit.seed, replicates=fit.replicates)
    lines = [
        f"{base.name}, fitted to {fit.observations.file} until {fit.observations.fit_until}.",
        *summary_lines(fit),
        f"Made by flywheel_sim {record.version}, engine {record.engine}, from {base.name} {base.hash[:12]}.",
        *([f"Made again by: {command}"] if command else []),
    ]
    head = "".join(f"# {line}\n" for line in lines)
    values: dict[str, Any] = {**after, "title": f"{base.title}, fitted"}
    return head + changes_as_yaml(extends, base.resolved(), values)


def leave(posterior: Posterior, base: Scenario) -> None:
    """Write a posterior into the folder of its runs: its draws as worlds, JSON, and calibrated scenario."""
    folder = Path(posterior.folder)
    texts = {
        ABOUT: json.dumps(posterior.to_dict(), indent=2, allow_nan=False) + "\n",
        CALIBRATED: posterior_scenario(posterior, base, folder / CALIBRATED),
    }
    files = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    for name, text in texts.items():
        write_text(folder / name, text)
    values = {path: posterior.draws[:, k] for k, path in enumerate(posterior.paths)}
    worlds = Worlds.of_values(
        base.typed or base.name, values, prior=base.hash, engine=engine_hash(), seed=posterior.seed, beside=files
    )
    worlds.save(folder / FILE)


def posterior_scenario(posterior: Posterior, base: Scenario, out: Path) -> str:
    """Return the text of a scenario file with the draw in the middle of a posterior; arguments as for `as_scenario`."""
    after = posterior.scenario.resolved()
    after["observed"]["fit_until"] = posterior.overlay.observations.fit_until
    record = provenance({base.name: base.hash}, posterior.seed, replicates=posterior.replicates)
    observed = posterior.overlay.observations
    lines = [
        f"{base.name}: the draw in the middle of the posterior given {observed.file} until {observed.fit_until}.",
        *posterior.sentences(),
        *(f"Note: {warning}" for warning in posterior.warnings),
        f"Made by flywheel_sim {record.version}, engine {record.engine}, from {base.name} {base.hash[:12]}.",
        f"What else is possible: flywheel run {CALIBRATED} --worlds 200 --worlds-from {FILE}",
    ]
    head = "".join(f"# {line}\n" for line in lines)
    values: dict[str, Any] = {**after, "title": f"{base.title}, calibrated"}
    return head + written(base, values, out)


def summary_lines(fit: Calibration) -> list[str]:
    """Return what was done and found, a sentence a line."""
    lines = [
        f"{fit.method}, mean of {fit.replicates} runs per parameter set, seed {fit.seed}, "
        f"{fit.evaluations} parameter sets; {'converged' if fit.converged else 'NOT CONVERGED'} ({fit.message}).",
    ]
    lines += [f"{estimate.path} = {estimate.value:g} ({described(estimate)})" for estimate in fit.estimates]
    for track in fit.overlay.tracks:
        errors = [track.errors(SIMULATION, sample) for sample in SAMPLES]
        said = ", ".join(
            f"{100 * one.mape:.1f} % {word} ({one.n})" for one, word in zip(errors, ("in", "out"), strict=True) if one.n
        )
        lines.append(f"Mean absolute error of {track.series.name.replace('_', ' ')}: {said} of sample.")
    return lines


def described(one: Estimate) -> str:
    """Tell how well an estimate is founded, in words."""
    said = [f"standard error {one.error}", f"{100 * one.from_data:.0f} % from the data"]
    if one.simulation_error > 0:
        said.append(f"simulation error {100 * one.simulation_error:.2g} %")
    if one.prior:
        said.append(f"prior {one.prior:g} x/ {2.718281828**one.spread:.2g}")
    return ", ".join([*said, one.weakness] if one.weak else said)


def in_place(fit: Calibration, base: Scenario, path: Path) -> str:
    """Return the text of ``path`` with the fitted numbers in place of the old ones; comments and order stay.

    Raises
    ------
    ScenarioError
        When a fitted number does not stand in this file.
    """
    return replaced(base, path, {estimate.path: estimate.value for estimate in fit.estimates})
