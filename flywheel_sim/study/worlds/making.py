r"""Make the worlds of a company: draw, run its base case, move every draw towards what is known, keep what then fits.

Draw k has the scores of its key (`prior`), references from a run of its own, and one run.  Hundreds of numbers and a
dozen targets leave next to nothing to simple rejection, so draws are moved, by an ensemble smoother with multiple data
assimilation (Emerick and Reynolds 2013): in each of S steps, with scores z, what runs come to d, and the covariances C
over all draws,

.. math:: z_k \leftarrow z_k + C_{zd} (C_{dd} + S R - L)^{-1} (o_k + e_k - d_k), \quad e_k \sim N(0, S R - L),

where :math:`o_k` lies anywhere in the band of each target, R is the variance of luck and of what the model leaves out,
and L that of luck, which is in :math:`d_k` and :math:`C_{dd}` already.  For linear runs and normal scores the result is
a sample of the posterior.  What moves no target stays as it was drawn: covariances that luck explains count as 0.  Then
every draw is run once more with fresh luck, and is ruled out where a target is missed by more than `IMPLAUSIBLE`
standard deviations: what is left are the worlds, each as likely as any other.

Targets enter as :math:`\operatorname{arsinh}((x - middle) / width)` of their bands: near the band as they are, far from
it by their logarithm, for they may be missed a hundredfold.

Parts of a few dozen draws are written as they are made, each under its checksum; what is there is not made again.
"""

import hashlib
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from flywheel_sim.engine.fingerprint import engine_hash
from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.targets import readings, target_of
from flywheel_sim.execute.run import worker_count
from flywheel_sim.results import Run
from flywheel_sim.results.saving import ResultError, path_from
from flywheel_sim.results.worlds import FILE, Aim, Worlds
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.arguments import whole
from flywheel_sim.scenario.measures import axes_of_library, library
from flywheel_sim.scenario.ranges import bounds_of
from flywheel_sim.scenario.references import all_problems
from flywheel_sim.scenario.shapes import along, root
from flywheel_sim.study.calibration.freezing import references_of
from flywheel_sim.study.lent import lent
from flywheel_sim.study.worlds.learning import learned, three
from flywheel_sim.study.worlds.parts import Parts
from flywheel_sim.study.worlds.prior import Prior, scores
from flywheel_sim.study.worlds.targets import Target, known_targets
from flywheel_sim.study.worlds.unfinished import unfinished

__all__ = ["DRAWS", "IMPLAUSIBLE", "PART", "STEPS", "called", "company_of", "folder_for", "worlds"]

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

#: Draws unless told, and draws of a part.
DRAWS, PART = 600, 50
#: Steps in which draws are moved; standard errors from 0 from which a correlation counts.
STEPS, SCREEN = 4, 3.0
#: Draws that are companies, of which as many as this for each target must be left before draws can be moved.
A_TARGET = 3
#: A target rules a draw out when its run lies so many standard deviations outside the band.
IMPLAUSIBLE = 3.0
#: Runs of the company as it stands, for the luck of a run.
LUCK_RUNS = 24
#: First replicates of the runs that references are read from: one of each draw, then `SETTLING` of each world.
_LOOKING, _SETTLING = 2**31, 3 * 2**30
#: And from the luck of one step to that of the next.
_STEP = 2**27
#: Weeks from one look at the teams to the next; runs of a world from which its references are read in the end.
_EVERY, SETTLING = 13, 4
#: Runs of a world from which targets of measures are read.
TARGET_RUNS = 2


def worlds(
    company: "Scenario | str | os.PathLike[str] | Mapping[str, Any]",
    draws: int = DRAWS,
    out: str | os.PathLike[str] | None = None,
    *,
    changes: Mapping[str, Any] | None = None,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
    keep: int | None = None,
) -> Worlds:
    """Return the worlds of a company: draws of what is not known of it in which it still looks like itself.

    Parameters
    ----------
    company : Scenario, name, path or mapping
        Whose base case is drawn: plans laid over it and changes made to it play no part.
    draws : int
        How many are tried; each takes some six runs.
    out : path, optional
        Folder to keep them in; if it holds some of them already, what is there is not made again, and `resume` goes on
        with it.  A name that ends in ``.json`` is a file for the worlds alone, whose parts go where they would go
        otherwise.  Default: nowhere.
    changes : mapping, optional
        Dotted path -> value or range, said of the company itself.
    seed : int
        Of the draws.
    workers : int, optional
        Threads; the result does not depend on it.
    progress : callable, optional
        Called with the draws done and the draws there are; what it raises ends the work, and what was written stays.
    keep : int, optional
        Keep so many worlds at most, the first of them; they are as good a sample as any.

    Raises
    ------
    ScenarioError
        For mistakes in the company.
    ResultError
        When somebody else is at work in the folder, or hardly any draw is a company.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> small = {"extends": "b2b-two-teams", "horizon_weeks": 8, "market": {"accounts": 200}}
    >>> worlds = fs.worlds(small, draws=2)  # doctest: +SKIP
    """
    draws, seed = whole("draws", draws, 1, 100_000), whole("seed", seed)
    base = company_of(company, changes)
    prior = Prior.of(base)
    if not prior.numbers:
        raise ScenarioError.single(f"every number of {called(base)} is known, so there is one world: run it as it is")
    least = fewest_draws(len(known_targets(base)))
    if draws < least:
        raise ResultError(
            f"{draws} draws are too few: where {len(known_targets(base))} figures are known of a company it takes "
            f"{least} or more (--draws {least})"
        )
    file = None if out is None else Path(out)
    one = file is not None and file.suffix == ".json"
    folder = folder_for(base) if one else file
    kept = file if one else None if file is None else file / FILE
    asked = {
        "company": called(base), "changes": dict(changes or {}), "draws": draws, "seed": seed, "keep": keep,
        "file": path_from(folder, kept) if folder is not None and kept is not None else "", "prior": prior.hash,
        "engine": engine_hash(),
    }  # fmt: skip
    with unfinished(folder, asked):
        worlds_made = _Making(
            prior=prior,
            seed=seed,
            draws=draws,
            folder=folder,
            threads=worker_count(workers),
            progress=progress,
            keep=keep,
        ).run(called(base))
        worlds_made = replace(worlds_made, changes=dict(changes or {}))
        if kept is not None:
            worlds_made.save(kept)
    return worlds_made


def company_of(
    company: "Scenario | str | os.PathLike[str] | Mapping[str, Any]", changes: Mapping[str, Any] | None = None
) -> Scenario:
    """Return the base case that worlds are of: of a company, with what is said of it beside its files."""
    scenario = load(company)
    return (scenario.with_(changes).settled() if changes else scenario).base()


def fewest_draws(targets: int) -> int:
    """Return how many draws it takes to see how targets hang on what was drawn; 1 where none is known.

    Examples
    --------
    >>> fewest_draws(12), fewest_draws(0)
    (39, 1)
    """
    return A_TARGET * (targets + 1) if targets else 1


def called(base: Scenario) -> str:
    """Return what to type to mean a base case."""
    return base.typed or base.name


def folder_for(scenario: Scenario) -> Path:
    """Return where the worlds of a company are kept unless told: beside its file, here for a shipped one.

    Examples
    --------
    >>> str(folder_for(load("relationship-flywheel")))
    'b2b-saas-worlds'
    """
    file = Path(called(scenario.base()))
    return file.with_name(f"{file.stem}-worlds")


class _Making:
    """One making of worlds, from its first draw to what was learned."""

    def __init__(
        self,
        prior: Prior,
        seed: int,
        draws: int,
        folder: Path | None,
        threads: int,
        progress: Progress | None,
        keep: int | None,
    ) -> None:
        self.keep = keep
        self.prior, self.seed, self.draws, self.threads, self.progress = prior, seed, draws, threads, progress
        self.parts = None if folder is None else Parts(folder, self._about())
        self.targets = known_targets(prior.scenario)
        # a step for every move, one to look where they have come to, and one for the references of the worlds
        self.done, self.total = 0, draws * ((STEPS if self.targets else 0) + 2)

    def _about(self) -> str:
        return f"{self.prior.hash} {engine_hash()} {self.seed}"

    def run(self, called: str) -> Worlds:
        """Return the worlds that are left of the draws."""
        luck = self._luck()
        self.targets = [
            Target(one.name, one.low, one.high, one.read, sd) for one, sd in zip(self.targets, luck, strict=True)
        ]
        numbers: NDArray[np.int64] = np.arange(self.draws, dtype=np.int64)
        z = self.prior.scores(numbers, self.seed)
        first: Floats | None = None
        for step in range(STEPS if self.targets else 0):
            sound, quantities = self._all(z, step)
            first = quantities[sound] if first is None else first
            z = z + self._moves(z, quantities, sound, step)
        sound, quantities = self._all(z, STEPS)
        far = self._far(quantities)
        kept: NDArray[np.bool_] = sound & (far <= IMPLAUSIBLE).all(axis=1)
        fitting = int(kept.sum())
        kept &= np.cumsum(kept) <= (self.keep or self.draws)
        chosen = numbers[kept]
        shifts: Floats = np.round(z[kept] - self.prior.scores(chosen, self.seed), 3)
        own = np.flatnonzero(np.abs(shifts).max(axis=0, initial=0.0) > 0.0)
        shifted = {self.prior.numbers[k].tie: shifts[:, k] for k in own}
        exact = self.prior.scores(chosen, self.seed, shifted)
        return Worlds(
            company=called,
            prior=self.prior.hash,
            engine=engine_hash(),
            seed=self.seed,
            tried=self.draws,
            numbers=chosen,
            shifts=shifted,
            references=self._follow(chosen, exact),
            aims=self._aims(quantities[sound] if first is None else first, quantities[kept]),
            learned=learned(self.prior, exact),
            impossible=int((~sound).sum()),
            notes=self.prior.told,
            fitting=fitting,
        )

    # -- runs ----------------------------------------------------------------------------------------------------------

    def _look(self, done: int = 0, total: int = 1) -> None:
        if self.progress:
            self.progress(self.done, self.total)

    def _kept(self, name: str, make: Callable[[], Floats], shape: tuple[int, ...]) -> Floats:
        array = None if self.parts is None else self.parts.read(name, shape)
        if array is None:
            array = make()
            if self.parts is not None:
                self.parts.write(name, array)
        return array

    def _luck(self) -> list[float]:
        """Return the standard deviation of each quantity over runs of the company as it stands."""
        if not self.targets:
            return []

        def make() -> Floats:
            return self._read([self.prior.scenario] * LUCK_RUNS, range(LUCK_RUNS), seed=self.seed + 1)

        met = self._kept("luck", make, (LUCK_RUNS, len(self.targets)))
        with np.errstate(invalid="ignore"):
            return [float(np.nanstd(column, ddof=1)) if np.isfinite(column).sum() > 2 else 0.0 for column in met.T]

    def _all(self, z: Floats, step: int) -> tuple[NDArray[np.bool_], Floats]:
        """Return which draws are companies, and what their runs come to."""
        shape = (PART, len(self.targets) + 1)
        parts = []
        for first in range(0, self.draws, PART):
            some = z[first : first + PART]
            mark = hashlib.sha256(np.ascontiguousarray(some).tobytes()).hexdigest()[:12]
            name = f"step-{step}-{first:07d}-{mark}"
            parts.append(self._kept(name, partial(self._part, some, first, step), (len(some), shape[1])))
            self.done += len(some)
            self._look()
        met = np.concatenate(parts)
        return (met[:, 0] == 1.0) & np.isfinite(met[:, 1:]).all(axis=1), met[:, 1:]

    def _part(self, z: Floats, first: int, step: int) -> Floats:
        """Return whether draws are companies and what their runs come to, shape (draws, 1 + targets)."""
        numbers = np.arange(first, first + len(z))
        table = np.full((len(z), 1 + len(self.targets)), np.nan)
        table[:, 0] = 0.0
        drawn = [self.prior.of_draw(row) for row in self.prior.values(z)]
        fine = [k for k, one in enumerate(drawn) if next(all_problems(one.model), None) is None]
        table[fine, 0] = 1.0
        if self.targets:
            # fresh luck in every step: what a draw is moved by must not be its luck
            luck = [step * _STEP + int(numbers[k]) for k in fine]
            settled = self._settled([drawn[k] for k in fine], [(self.seed, _LOOKING + k) for k in luck])
            table[fine, 1:] = self._read(settled, luck, self.seed)
        return table

    def _settled(self, scenarios: Sequence[Scenario], luck: Sequence[tuple[int, int]]) -> list[Scenario]:
        """Return scenarios with references read from a run of each."""
        if not scenarios:
            return []
        rows = references_of(scenarios, luck, every=_EVERY, workers=self.threads, look=self._look, paired=True)
        return [one.varied(_allowed(one, row)) for one, row in zip(scenarios, rows, strict=True)]

    def _read(self, scenarios: Sequence[Scenario], replicates: Sequence[int], seed: int) -> Floats:
        """Return what runs come to, shape (runs, targets)."""
        if not scenarios:
            return np.empty((0, len(self.targets)))
        keys = [(s, seed, k) for s, k in enumerate(replicates)]
        living = [lent(one) for one in scenarios]
        simulation = Simulation([one.model for one in living], keys, keep_teams=False, look=self._look)
        simulation.advance(threads=self.threads, progress=self._look)
        runs = [Run.of(one, simulation, q, accounts=False) for q, one in enumerate(living)]
        return np.array([[one.read(run) for one in self.targets] for run in runs])

    def _follow(self, numbers: NDArray[np.int64], z: Floats) -> dict[str, Floats]:
        """Return what follows from every world's base case: its references, and the targets of what one can pay on."""
        references = self._references(numbers, z)
        return references | self._aimed(numbers, z, references)

    @property
    def _paid(self) -> bool:
        """Whether the measures that one can pay on mean anything in the company."""
        model = self.prior.scenario.model
        return bool(model.teams) and {*axes_of_library()} <= {*model.axes}

    def _aimed(self, numbers: NDArray[np.int64], z: Floats, references: Mapping[str, Floats]) -> dict[str, Floats]:
        """Return the targets of measures in every world, by path; 0 where a world allows none."""
        scenario = self.prior.scenario
        if not self._paid:
            return {}
        measures: dict[str, Any] = {name: {} for name in library()} | dict(
            scenario.source.get("incentives", {}).get("measures", {})
        )
        rest = scenario.with_({"incentives.enabled": True, "incentives.pay": {}, "incentives.measures": measures})
        names, values, tables = tuple(sorted(measures)), self.prior.values(z), []
        for first in range(0, len(numbers), PART):
            some, own = numbers[first : first + PART], z[first : first + PART]

            def make(first: int = first, some: NDArray[np.int64] = some) -> Floats:
                rows = []
                for k in range(first, first + len(some)):
                    row = self.prior.entries(values[k])
                    row |= {path: float(column[k]) for path, column in references.items()}
                    read = readings(rest.varied(row), self.threads, runs=TARGET_RUNS)
                    right = {name: target_of(one) for name, one in read.items()}
                    rows.append([right.get(name) or 0.0 for name in names])
                    self._look()
                return np.array(rows)

            mark = hashlib.sha256(some.tobytes() + np.ascontiguousarray(own).tobytes()).hexdigest()[:16]
            tables.append(self._kept(f"targets-{mark}", make, (len(some), len(names))))
            self.done += len(some)
            self._look()
        table = np.concatenate(tables) if tables else np.empty((0, len(names)))
        return {f"incentives.measures.{name}.target": table[:, k] for k, name in enumerate(names)}

    def _references(self, numbers: NDArray[np.int64], z: Floats) -> dict[str, Floats]:
        """Return references of every world, read from several runs of it with those of one run in place."""
        references: list[dict[str, float]] = []
        every = self.prior.alternatives  # an option may have references of its own
        rows = references_of(every, [(self.seed, 0)] * len(every), every=_EVERY, paired=True)
        paths = tuple(sorted(set().union(*rows)))
        self.total = self.done + (2 if self._paid else 1) * len(numbers)
        for first in range(0, len(numbers), PART):
            some, own = numbers[first : first + PART], z[first : first + PART]

            def make(some: NDArray[np.int64] = some, own: Floats = own) -> Floats:
                drawn = [self.prior.of_draw(row) for row in self.prior.values(own)]
                once = self._settled(drawn, [(self.seed, _LOOKING + STEPS * _STEP + int(k)) for k in some])
                luck = [(self.seed, _SETTLING + SETTLING * int(k) + r) for k in some for r in range(SETTLING)]
                each = [one for one in once for _ in range(SETTLING)]
                rows = references_of(each, luck, every=_EVERY, workers=self.threads, look=self._look, paired=True)
                settled = []
                for k, one in enumerate(once):
                    mine = rows[k * SETTLING : (k + 1) * SETTLING]
                    # a run in which nothing of the kind happens says nothing of it
                    read = {path: [row.get(path, one.get(path)) for row in mine] for path in paths}
                    settled.append(_allowed(one, {path: float(np.mean(x)) for path, x in read.items()}))
                return np.array([[row[path] for path in paths] for row in settled])

            mark = hashlib.sha256(some.tobytes() + np.ascontiguousarray(own).tobytes()).hexdigest()[:16]
            table = self._kept(f"references-{mark}", make, (len(some), len(paths)))
            references += [dict(zip(paths, row, strict=True)) for row in table]
            self.done += len(some)
            self._look()
        return {path: np.round(np.array([row[path] for row in references]), 5) for path in paths}

    # -- what is known -------------------------------------------------------------------------------------------------

    def _far(self, quantities: Floats) -> Floats:
        """Return how far each run lies outside each band, in standard deviations."""
        far = np.zeros_like(quantities)
        for k, one in enumerate(self.targets):
            x = quantities[:, k]
            far[:, k] = np.maximum(np.maximum(one.low - x, x - one.high), 0.0) / one.spread
        return np.where(np.isfinite(quantities), far, np.inf)

    def _moves(self, z: Floats, quantities: Floats, sound: NDArray[np.bool_], step: int) -> Floats:
        """Return by how much the scores of every draw are moved in a step."""
        count, q = quantities.shape
        if sound.sum() < fewest_draws(q):
            raise ResultError(
                f"only {int(sound.sum())} of {count} draws are companies whose runs say what is known of it, and "
                f"{fewest_draws(q)} are needed: take more draws (--draws), or narrow what is drawn (doubt.widths, "
                f"doubt.known)"
            )
        met = np.stack([one.scaled(quantities[:, k]) for k, one in enumerate(self.targets)], axis=1)
        width = np.array([max(one.high - one.low, 1e-12) for one in self.targets])
        # the luck of a draw's own run is part of what it is moved by already, and of the covariance over draws
        error2 = (STEPS * np.array([one.spread for one in self.targets]) ** 2 - self._luck2()) / width**2
        n = int(sound.sum())
        dz, dd = z[sound] - z[sound].mean(axis=0), met[sound] - met[sound].mean(axis=0)
        both, own = dz.T @ dd / (n - 1), dd.T @ dd / (n - 1)
        deviations = np.outer(dz.std(axis=0), dd.std(axis=0))
        both[np.abs(both) < SCREEN / math.sqrt(n) * deviations] = 0.0
        # some figures only: the same on every machine, whatever its linear algebra
        gain = _figures(both @ np.linalg.inv(own + np.diag(error2)))
        names = [
            f"{kind} {one.name}" for kind in (f"error in step {step}", "place in the band") for one in self.targets
        ]
        keyed = scores(names, names, np.arange(count), self.seed)
        place = ndtr(keyed[:, q:])
        wanted = np.stack(
            [one.scaled(one.low + place[:, k] * (one.high - one.low)) for k, one in enumerate(self.targets)], axis=1
        )
        off = wanted + np.sqrt(error2) * keyed[:, :q] - met
        off[~sound] = 0.0
        return np.asarray(np.round(off, 4) @ gain.T)

    def _luck2(self) -> Floats:
        """Return the variance of luck of each target."""
        return np.array([one.error for one in self.targets]) ** 2

    def _aims(self, quantities: Floats, worlds: Floats) -> tuple[Aim, ...]:
        aims, far = [], self._far(quantities)
        for k, one in enumerate(self.targets):
            x = quantities[:, k]
            with np.errstate(invalid="ignore"):
                inside = float(np.mean((x >= one.low) & (x <= one.high))) if len(x) else math.nan
            ruled_out = float(np.mean(far[:, k] > IMPLAUSIBLE)) if len(x) else math.nan
            aims.append(
                Aim(
                    name=one.name,
                    low=one.low,
                    high=one.high,
                    error=one.spread,
                    inside=inside,
                    ruled_out=ruled_out,
                    prior=three(x, 0.1),
                    worlds=three(worlds[:, k], 0.1),
                )
            )
        return tuple(aims)


def _figures(values: Floats) -> Floats:
    """Return numbers with six figures."""
    with np.errstate(divide="ignore"):
        scale = 10.0 ** (5.0 - np.floor(np.log10(np.abs(values))))
    return np.where(
        values == 0.0,
        0.0,
        np.round(values * np.where(np.isfinite(scale), scale, 1.0)) / np.where(np.isfinite(scale), scale, 1.0),
    )


def _allowed(scenario: Scenario, values: Mapping[str, float]) -> dict[str, float]:
    """Return values inside what the schema allows."""
    shape, values_inside = root(type(scenario.model)), {}
    for path, value in values.items():
        place = along(shape, tuple(path.split(".")))
        low, high = bounds_of(place) if place is not None else (-math.inf, math.inf)
        values_inside[path] = min(max(value, low), high)
    return values_inside
