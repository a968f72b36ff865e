"""Search for the best settings of a study with a ``search:`` block.

Under luck
    Everything that competes in a generation runs with the same luck, and the next generation has another: what wins is
    not what one luck favours.  The scenario as it stands runs in every generation too, so that points of different
    generations are compared by their gain over it.
The answer
    The figure of the best point of a search is too good, as it is the best of many.  For one objective the best points,
    and those the method itself prefers, run again under fresh luck to choose among them; the one chosen runs once more,
    under luck that nothing was chosen by, and only that is told, beside what the search had promised (``optimism``).
    For several objectives the whole front runs under fresh luck, and says what of it still stands.
What is not known
    The answer, its rivals and the scenario as it stands run in draws of what is not known, with the same luck in each
    draw: regret, and the region in which the answer fails.  With ``over_draws`` every run of the search has a draw,
    too: the one of its luck, the same in all points.
Worlds
    The draws are worlds of the company (`flywheel_sim.study.worlds`), and run k of every point is of world k.  What a
    point alone uses is drawn as well, for its own scenario; what is searched for is a decision and never drawn.
Risk
    Of an objective with a share under ``cvar`` the mean of the worst runs counts instead of the mean of all, in the
    search, in the choice and in what is told (`flywheel_sim.results.risk`); of one under ``won`` the share of runs in
    which a point is better than the scenario as it stands.
Resuming
    The method asks the same questions again and is answered from the store up to where it was.
"""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.backends import Place, checked, place
from flywheel_sim.execute.design import Design, Point
from flywheel_sim.execute.drive import Interrupted, Progress, resume_command, run_design
from flywheel_sim.execute.store import Standing, Store
from flywheel_sim.results.risk import in_the_tail, share_won
from flywheel_sim.results.saving import ResultError
from flywheel_sim.results.search import AS_IT_STANDS, Optimum, Policy, Robustness
from flywheel_sim.scenario import Scenario
from flywheel_sim.study.design.study import Study
from flywheel_sim.study.design.sweep import On, remove_with, room_for_runs, study_asked
from flywheel_sim.study.search.algorithms import Method, better_first, made_with, not_dominated
from flywheel_sim.study.search.plan import (
    LIKED,
    MOST_FRONT,
    RIVALS,
    Plan,
    asked_again,
    cost_of,
    experiment_of,
    method_of,
    over_worlds,
    planned,
)
from flywheel_sim.study.search.prim import discovered
from flywheel_sim.study.search.search_file import with_worlds
from flywheel_sim.study.search.space import Space, broken

__all__ = ["Plan", "folder_of", "is_search", "optimize", "planned", "resume"]

Floats = NDArray[np.float64]

#: First replicate of each kind of luck; generation g of the search begins at g times the replicates.
CHOOSING, FRESH, DRAWN = 2_000_000_000, 2_500_000_000, 3_000_000_000


def folder_of(study: Study) -> Path:
    """Tell where a search goes when nothing else is said."""
    return Path(f"{study.name}-search")


def is_search(store: Store) -> bool:
    """Tell whether a store holds a search."""
    return "search" in store.experiment.about


def optimize(
    study: str | os.PathLike[str] | Mapping[str, Any] | Study,
    folder: str | os.PathLike[str] | None = None,
    *,
    on: On = None,
    changes: Mapping[str, Any] | None = None,
    replicates: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    worlds: int | None = None,
    worlds_from: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Optimum:
    """Search for the best settings, and say under fresh luck how good they are.

    Parameters
    ----------
    study : name, path, mapping or Study
        With ``search:`` instead of ``design:``.
    folder, on, changes, replicates, seed, workers, progress
        As for `flywheel_sim.sweep`; the folder is ``<study>-search`` by default.
    worlds : int, optional
        Search over so many worlds of the company: run k of every point is of world k.
    worlds_from : path, optional
        Where they are, or what a calibration has left; default: beside the company's file, or shipped.

    Returns
    -------
    Optimum

    Raises
    ------
    ScenarioError
        With every mistake in the study, before the first run.
    ResultError
        When the folder cannot be written, or the library that the search needs is not installed.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> tiny = {"market.accounts": 300, "market.initial_customers": 30, "horizon_weeks": 8}
    >>> search = {"objectives": {"npv": "maximise"}, "budget": 40, "fresh": 4, "shortlist": 2}
    >>> heads = {"teams.sales.headcount": {"range": [0, 8]}}
    >>> optimum = fs.optimize({"scenario": "b2b-saas", "set": tiny, "parameters": heads, "search": search})
    >>> optimum.changes["teams.sales.headcount"] < 4
    True
    """
    checked(on, workers)
    ready = with_worlds(study_asked(study, changes, replicates=replicates, seed=seed), worlds, worlds_from)
    planned(ready)
    target, kept = room_for_runs(study, folder, folder_of(ready))
    with Store.create(target, experiment_of(ready)) as store:
        optimum = _Search(ready, store, on, workers, progress).run()
    remove_with(optimum, kept)
    return optimum


def resume(
    folder: str | os.PathLike[str],
    *,
    on: On = None,
    workers: int | None = None,
    retry_failed: bool = False,
    progress: Progress | None = None,
) -> Optimum:
    """Go on with a search; of one that is complete, its answer.

    Parameters
    ----------
    folder : path
        What `optimize` wrote.
    on, workers, progress
        As for `optimize`; they need not be what they were.
    retry_failed : bool
        Make the runs that failed again; from the first of them on the search may then go another way.

    Raises
    ------
    ResultError
        When there is no search, another process is at work on it, or other code or another version of the method's
        library began it.
    """
    with Store.open(folder, write=True) as store:
        if not is_search(store):
            raise ResultError(f"'{folder}' holds a sweep, not a search")
        study = asked_again(store)
        begun, now = store.experiment.about["search"]["made_with"], made_with(len(study.file.search.objectives))
        if begun != now:
            said = [" ".join(f"{name} {v}" for name, v in libraries.items()) for libraries in (begun, now)]
            raise ResultError(f"'{folder}' was begun with {said[0]}; this is {said[1]}, which asks other questions")
        if retry_failed:
            store.forget_failed()
        return _Search(study, store, on, workers, progress).run()


class _Ended(Exception):
    """The drive has stopped for a reason."""


class _Search:
    """One search, from its first question to its answer."""

    def __init__(self, study: Study, store: Store, on: On, workers: int | None, progress: Progress | None) -> None:
        self.study, self.store, self.on, self.workers = study, store, on, workers
        self.file, self.search = study.file, study.file.search
        self.space = Space(study)
        self.signs = np.array([1.0 if way == "maximise" else -1.0 for way in self.search.objectives.values()])
        self.shares = [self.search.cvar.get(name, 1.0) for name in self.search.objectives]
        self.averse = min(self.shares) < 1.0 or bool(self.search.won)
        self.columns = [store.experiment.outcomes.index(name) for name in self.search.objectives]
        self.worlds = over_worlds(study, store.experiment.about["search"]["worlds"]) if self.search.worlds else None
        self.drawn: dict[str, Scenario] = {}
        self.draws: list[dict[str, Any]] = (
            [self.worlds.row(study.base, k) for k in range(self.search.worlds)]
            if self.worlds
            else list(store.experiment.about["search"]["draws"])
        )
        # in an order of its own, so that a table in some order is not gone through in it
        self.order = np.random.default_rng([self.search.seed, 31741]).permutation(len(self.draws))
        self.progress = progress
        self.begun, self.had = time.monotonic(), store.standing().done
        self.most = cost_of(self.search, len(self.draws)).runs
        self.met: dict[str, tuple[dict[str, Any], list[Floats], float]] = {}
        self.history: list[dict[str, float]] = []
        self.tried: list[Floats] = []
        self.here: Place | None = None

    def run(self) -> Optimum:
        """Run the search to its answer."""
        try:
            with place(self.on, self.workers) as self.here:
                method = method_of(self.study, self.space)
                self._generations(method)
                policies, winner, front = self._answer(method)
                robustness = self._robust(policies, winner, front) if self.draws else None
        except _Ended as why:
            raise ResultError(f"the search stopped: {why}; its runs are in '{self.store.folder}'") from None
        except Interrupted:
            raise
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted; go on with: {resume_command(self.store)}") from None
        return Optimum(
            title=self.file.title or self.study.name,
            objectives=dict(self.search.objectives),
            policies=tuple(policies),
            winner=winner,
            front=tuple(front),
            tried=np.concatenate(self.tried),
            history=tuple(self.history),
            robustness=robustness,
            runs=self.store.standing().done,
            points=len(self.met),
            folder=str(self.store.folder),
            stopped="",
            scenario=self.study.base.name,
            notes=self._notes(policies),
            promised=self._promised(policies[winner]),
            cvar={name: share for name, share in self.search.cvar.items() if share < 1.0},
            won=tuple(self.search.won),
        )

    def _promised(self, answer: Policy) -> Floats:
        """Return what the search alone would have told."""
        if len(self.signs) > 1:
            return answer.searched
        feasible = [np.mean(gains, axis=0) for _, gains, excess in self.met.values() if excess <= 0]
        return np.max(feasible, axis=0) if feasible else np.full(1, np.nan)

    def _notes(self, policies: Sequence[Policy]) -> tuple[str, ...]:
        """Return what a reader should know."""
        notes = []
        if errors := self.store.errors():
            count = sum(errors.values())
            notes.append(f"{count} runs failed; their points come last. The most frequent reason: {next(iter(errors))}")
        if self.worlds is not None:
            notes.append(
                f"run k of every point, in search and choice, is of world k of {len(self.draws)} worlds of "
                f"{self.worlds.worlds.company}"
            )
        elif self.search.over_draws:
            notes.append(f"every run of the search and of the choice drew one of {len(self.draws)} draws, too")
        if not policies[0].fits:
            notes.append("the scenario as it stands does not keep the limits itself")
        return tuple(notes)

    # -- runs ----------------------------------------------------------------------------------------------------------

    def _ask(self, points: Sequence[Mapping[str, Any]], firsts: Sequence[int], replicates: int, what: str) -> Floats:
        """Return outcomes of these points, shape (points, replicates, outcomes)."""
        marks = {"phase": what}
        if (self.search.over_draws or self.worlds) and what != "draws":
            # run k of every point has draw k as it has luck k, so each run is a point of its own
            alone = [
                Point(self._in_draw(changes, k if self.worlds else self.order[k % len(self.draws)]), "", k, marks)
                for changes, first in zip(points, firsts, strict=True)
                for k in range(first, first + replicates)
            ]
            design = Design(alone)
        else:
            design = Design(
                [Point(changes, "", first, marks) for changes, first in zip(points, firsts, strict=True)], replicates
            )
        drive = run_design(design, self.here, self.store, self._step if self.progress else None)
        if drive.stopped:
            raise _Ended(drive.stopped)
        if drive.asked:
            raise Interrupted(f"interrupted; go on with: {resume_command(self.store)}")
        return self.store.outcomes(drive.runs.reshape(len(points), replicates))

    def _in_draw(self, changes: Mapping[str, Any], k: int) -> dict[str, Any]:
        """Return what a point sets in a draw: in a world what its own scenario has there; its own settings stay."""
        if self.worlds is None:
            return {**self.draws[k], **changes}
        key = repr(sorted(changes.items()))
        if key not in self.drawn:
            self.drawn = {key: self.study.base.with_(dict(changes)) if changes else self.study.base}
        return {**self.worlds.row(self.drawn[key], k % len(self.draws)), **changes}

    def _counted(self, runs: Floats, base: Floats) -> Floats:
        """Return what each run of a point adds to what is searched for, shape (R, K), beside those of the scenario as
        it stands.
        """
        values, before = runs[:, self.columns], base[:, self.columns]
        if not self.averse:
            return values
        counted = [
            share_won(x, y, sign) if name in self.search.won else in_the_tail(x, share, sign)
            for name, x, y, share, sign in zip(
                self.search.objectives, values.T, before.T, self.shares, self.signs.tolist(), strict=True
            )
        ]
        return np.column_stack(counted)

    def _step(self, now: Standing) -> None:
        """Report progress against what the whole search may cost."""
        assert self.progress is not None
        self.progress(now.of_whole(self.most, self.had, time.monotonic() - self.begun))

    def _excess(self, outcomes: Floats, changes: Mapping[str, Any]) -> float:
        """Return by how much a point breaks the limits, from the outcomes of its runs, shape (R, outcomes)."""
        total = self.space.excess(changes)
        for limit in self.search.constraints:
            if limit.outcome:
                mean = float(outcomes[:, self.store.experiment.outcomes.index(limit.outcome)].mean())
                total += broken(limit.at_least, limit.at_most, mean) if np.isfinite(mean) else np.inf
        return total

    # -- the search ----------------------------------------------------------------------------------------------------

    def _generations(self, method: Method) -> None:
        spent, generation, replicates = 0, 0, self.file.replicates
        while True:
            asked = method.ask()
            both = np.concatenate([asked, method.kept()])
            if spent + (len(both) + 1) * replicates > self.search.budget and generation:
                break
            spent += (len(both) + 1) * replicates
            points = self.space.values(both)
            # what breaks a limit on a sum need not run to be known to break it
            able = [k for k, changes in enumerate(points) if self.space.excess(changes) <= 0]
            first = generation * replicates
            values = self._ask([{}, *(points[k] for k in able)], [first] * (len(able) + 1), replicates, "search")
            base, ran = self._counted(values[0], values[0]).mean(0), dict(zip(able, values[1:], strict=True))
            scores, excess = np.full((len(both), len(self.signs)), np.nan), np.full(len(both), np.nan)
            for k, changes in enumerate(points):
                if k in ran:
                    scores[k] = -self.signs * self._counted(ran[k], values[0]).mean(0)
                    excess[k] = self._excess(ran[k], changes)
                    self._meet(changes, -scores[k] - self.signs * base, excess[k])
                else:
                    # last, yet ordered by how far they are from being possible
                    scores[k], excess[k] = 0.0, 1e6 * (1.0 + self.space.excess(changes))
            method.tell(scores, excess)
            self._note(generation, spent, -scores - self.signs * base, excess, method)
            generation += 1

    def _meet(self, changes: Mapping[str, Any], gain: Floats, excess: float) -> None:
        """Keep what the search has seen of a point."""
        known = self.met.setdefault(repr(sorted(changes.items())), (dict(changes), [], 0.0))
        known[1].append(gain)
        self.met[repr(sorted(changes.items()))] = (known[0], known[1], known[2] + excess)

    def _note(self, generation: int, spent: int, gains: Floats, excess: Floats, method: Method) -> None:
        fit = (excess <= 0) & np.isfinite(gains).all(1)
        self.tried.append(gains[fit])
        row = {"generation": float(generation), "runs": float(spent), "fit": float(fit.sum())}
        for k, name in enumerate(self.search.objectives):
            best, middle = (gains[fit, k].max(), np.median(gains[fit, k])) if fit.any() else (np.nan, np.nan)
            row |= {f"{name} best": float(best), f"{name} middle": float(middle)}
        self.history.append(row | method.state())

    # -- the answer ----------------------------------------------------------------------------------------------------

    def _seen(self, changes: Mapping[str, Any]) -> Floats:
        """Return the mean gain that the search saw."""
        known = self.met.get(repr(sorted(changes.items())))
        return np.mean(known[1], axis=0) if known else np.full(len(self.signs), np.nan)

    def _policies(self, named: Sequence[tuple[str, Mapping[str, Any]]], first: int, what: str) -> list[Policy]:
        values = self._ask([changes for _, changes in named], [first] * len(named), self.search.fresh, what)
        return [
            Policy(
                name=name,
                changes=dict(changes),
                searched=self._seen(changes) if changes else np.zeros(len(self.signs)),
                fresh=runs[:, self.columns],
                excess=self._excess(runs, changes),
                tail=self._counted(runs, values[0]) if self.averse else None,
            )
            for (name, changes), runs in zip(named, values, strict=True)
        ]

    def _answer(self, method: Method) -> tuple[list[Policy], int, list[int]]:
        liked = [changes for changes in self.space.values(method.favorite()) if self.space.excess(changes) <= 0]
        return self._single_best(liked) if len(self.signs) == 1 else self._front(liked)

    def _single_best(self, liked: list[dict[str, Any]]) -> tuple[list[Policy], int, list[int]]:
        """Choose among the best points of the search under fresh luck, and judge the choice under luck fresher still.

        Parameters
        ----------
        liked : what sets points apart that the search's own model of its outcomes likes best.

        Returns
        -------
        tuple
            The policies that were judged, the number of the winner (0: the scenario as it stands), and the front, which
            is the winner alone.
        """
        met = list(self.met.values())
        rank = better_first(
            np.array([-np.mean(gains, axis=0)[0] for _, gains, _ in met]), np.array([excess for *_, excess in met])
        )
        best = [met[int(k)][0] for k in np.argsort(rank, kind="stable")[: self.search.shortlist]]
        short = _distinct([*best, *liked[:LIKED]])
        named = [(AS_IT_STANDS, {}), *((f"candidate {k + 1}", changes) for k, changes in enumerate(short))]
        chosen = self._policies(named, CHOOSING, "choice")
        scores = np.array([-self.signs[0] * policy.worth[0] for policy in chosen[1:]])
        order = np.argsort(better_first(scores, np.array([policy.excess for policy in chosen[1:]])), kind="stable")
        best_first = [named[0], *(named[1 + int(k)] for k in order)]
        # under luck that nothing was chosen by; rivals run as well, so that the table compares like with like
        policies = self._policies(best_first[: 1 + RIVALS], FRESH, "fresh")
        fits = chosen[1 + int(order[0])].fits if len(order) else False
        better = fits and self.signs[0] * (chosen[1 + int(order[0])].worth - chosen[0].worth)[0] > 0
        winner = 1 if better or (fits and not chosen[0].fits) else 0
        return policies, winner, [winner]

    def _front(self, liked: list[dict[str, Any]]) -> tuple[list[Policy], int, list[int]]:
        """Return the front under fresh luck, what of it still stands, and the compromise."""
        some = _distinct(liked)
        if len(some) > MOST_FRONT:
            some = [some[int(k)] for k in np.linspace(0, len(some) - 1, MOST_FRONT).round()]
        some.sort(key=lambda changes: tuple(np.nan_to_num(-self._seen(changes))))
        named = [(AS_IT_STANDS, {}), *((f"front {k + 1}", changes) for k, changes in enumerate(some))]
        policies = self._policies(named, FRESH, "fresh")
        costs = np.array([-self.signs * p.worth if p.fits else np.full(len(self.signs), np.nan) for p in policies])
        front = np.flatnonzero(not_dominated(costs)).tolist()
        return policies, _compromise(costs, front), front

    def _robust(self, policies: list[Policy], winner: int, front: list[int]) -> Robustness:
        """Return policies over draws of what is not known."""
        several = len(self.signs) > 1
        rivals = [p for p in (front if several else range(1, len(policies))) if p not in (0, winner)]
        if len(rivals) > RIVALS:
            rivals = [rivals[int(k)] for k in np.linspace(0, len(rivals) - 1, RIVALS).round()]
        who = list(dict.fromkeys([0, winner, *rivals]))
        count = self.search.draw_replicates
        each = [[self._in_draw(policies[p].changes, d) for d in range(len(self.draws))] for p in who]
        points = [row[d] for d in range(len(self.draws)) for row in each]
        firsts = [DRAWN + d * count for d in range(len(self.draws)) for _ in who]
        outcomes = self._ask(points, firsts, count, "draws").reshape(len(self.draws), len(who), count, -1)
        values = outcomes[..., self.columns].mean(2)
        place_of = who.index(winner)
        gain = (values[:, place_of] - values[:, 0]) * self.signs
        kept = np.array(
            [
                self._excess(outcomes[d, place_of], policies[winner].changes) if winner else 0.0
                for d in range(len(self.draws))
            ]
        )
        fails = ~(gain[:, 0] >= 0) | ~(kept <= 0)
        box = discovered(self.draws, fails, self.search.seed)
        names = tuple(policies[p].name for p in who)
        return Robustness(
            draws=tuple(self.draws), names=names, values=values, signs=self.signs, fails=fails, winner=place_of, box=box
        )


def _distinct(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({repr(sorted(changes.items())): changes for changes in points}.values())


def _compromise(costs: Floats, front: Sequence[int]) -> int:
    """Return the point of a front that gives up least of any objective, as a share of what the front spans."""
    rivals = [p for p in front if p] or [0]
    some = costs[rivals]
    span = some.max(0) - some.min(0)
    given_up = ((some - some.min(0)) / np.where(span > 0, span, 1.0)).max(1)
    return int(rivals[int(np.argmin(given_up))])
