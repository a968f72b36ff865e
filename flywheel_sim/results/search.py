"""What a search for the best settings found: the answer under fresh luck, and where it fails."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.assumptions import plain_label
from flywheel_sim.results.intervals import mean_interval
from flywheel_sim.results.saving import finite
from flywheel_sim.results.summary import outcome_label
from flywheel_sim.results.words import inside, number, percent

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AS_IT_STANDS", "COVERAGE", "Box", "Optimum", "Policy", "Robustness"]

Floats = NDArray[np.float64]

#: Coverage of the intervals of a search.
COVERAGE = 0.95
#: Name of the scenario without any change.
AS_IT_STANDS = "as it stands"


@dataclass(frozen=True, eq=False)
class Policy:
    """Settings that were run again under luck the search had not seen.

    Parameters
    ----------
    name : str
    changes : mapping
        Path -> value; empty for the scenario as it stands.
    searched : float64 array, shape (K,)
        Mean gain over the scenario as it stands that the search saw, in the direction of the objective; NaN when the
        search never ran it.
    fresh : float64 array, shape (R, K)
        Objectives of each fresh run; run r has the same luck in every policy.
    excess : float
        By how much it breaks the limits in the fresh runs, as a share of them; 0 when it keeps them.
    tail : float64 array, shape (R, K), optional
        A figure for every fresh run whose mean is what is searched for, where that is not the mean of all runs: see
        `flywheel_sim.results.risk`.
    """

    name: str
    changes: Mapping[str, Any]
    searched: Floats
    fresh: Floats
    excess: float = 0.0
    tail: Floats | None = None

    @property
    def mean(self) -> Floats:
        """Return the mean of the objectives."""
        return np.asarray(self.fresh.mean(0), np.float64)

    @property
    def counted(self) -> Floats:
        """What each fresh run adds to what is searched for, shape (R, K)."""
        return self.fresh if self.tail is None else self.tail

    @property
    def worth(self) -> Floats:
        """What is searched for: the mean of the objectives, or their conditional value at risk."""
        return np.asarray(self.counted.mean(0), np.float64)

    @property
    def fits(self) -> bool:
        """Whether it keeps the limits and every objective is there in every run."""
        return not self.fault

    @property
    def fault(self) -> str:
        """Why it cannot be the answer, in words; nothing where it can.

        Examples
        --------
        >>> Policy("a", {}, np.zeros(1), np.array([[1.0], [np.nan]])).fault
        'an outcome is missing in 1 of 2 runs'
        >>> Policy("a", {}, np.zeros(1), np.array([[1.0]]), excess=0.1).fault
        'breaks a limit'
        """
        # What has no value cannot be held against its limit, which the search counts as infinitely far outside.
        limits = "an outcome with a limit is missing" if math.isinf(self.excess) else "breaks a limit"
        said = [limits] if self.excess > 0 else []
        missing = int((~np.isfinite(self.fresh)).any(axis=1).sum())
        if missing:
            said.append(f"an outcome is missing in {missing} of {len(self.fresh)} runs")
        return "; ".join(said)


@dataclass(frozen=True)
class Box:
    """A region of what is not known in which a policy fails.

    Parameters
    ----------
    limits : mapping of str to (low, high) or tuple of values
        Path -> ends, None where there is none; or the values that words may have.
    inside, fails_inside, outside, fails_outside : int
        Draws, and draws in which it fails.
    chance : float
        Share of shuffled tables in which a box at least as telling is found.
    """

    limits: Mapping[str, tuple[Any, ...]]
    inside: int
    fails_inside: int
    outside: int
    fails_outside: int
    chance: float

    def where(self) -> str:
        """Say in words where the region is."""
        said = []
        for path, limit in self.limits.items():
            name = inside(plain_label(path))
            if len(limit) != 2 or not all(x is None or isinstance(x, float) for x in limit):
                said.append(f"{name} is {' or '.join(map(str, limit))}")
            elif limit[0] is None:
                said.append(f"{name} is at most {number(limit[1])}")
            elif limit[1] is None:
                said.append(f"{name} is at least {number(limit[0])}")
            else:
                said.append(f"{name} is between {number(limit[0])} and {number(limit[1])}")
        return " and ".join(said)


@dataclass(frozen=True, eq=False)
class Robustness:
    """Policies over draws of what is not known.

    Parameters
    ----------
    draws : tuple of mappings, length D
        Path -> value.
    names : tuple of str, length P
        Policies; the first is the scenario as it stands.
    values : float64 array, shape (D, P, K)
        Mean objectives in each draw.
    signs : float64 array, shape (K,)
        1 where more is better, -1 where less is.
    fails : bool array, shape (D,)
        Draws in which the answer is worse than the scenario as it stands, in the first objective, or breaks a limit.
    winner : int
        Which policy is the answer.
    box : Box or None
        Where it fails.
    """

    draws: tuple[Mapping[str, Any], ...]
    names: tuple[str, ...]
    values: Floats
    signs: Floats
    fails: NDArray[np.bool_]
    winner: int
    box: Box | None

    @property
    def regret(self) -> Floats:
        """What each policy loses to the best of them in each draw, shape (D, P, K); never negative."""
        good = self.values * self.signs
        best = np.nanmax(np.where(np.isfinite(good), good, -np.inf), axis=1, keepdims=True)
        return np.asarray(best - good, np.float64)

    @cached_property
    def table(self) -> "pd.DataFrame":
        """A row per objective and policy: mean, the worst tenth, the worst, and regret."""
        import pandas as pd

        return pd.DataFrame(self.rows(tuple(str(k) for k in range(self.values.shape[2]))))

    def rows(self, objectives: tuple[str, ...]) -> list[dict[str, Any]]:
        """Return a row per objective and policy."""
        table, regret = [], self.regret
        for k, objective in enumerate(objectives):
            for p, name in enumerate(self.names):
                good = self.values[:, p, k] * self.signs[k]
                gain = good - self.values[:, 0, k] * self.signs[k]
                table.append(
                    {
                        "objective": objective, "policy": name, "mean": float(self.values[:, p, k].mean()),
                        "worst_tenth": float(np.quantile(good, 0.1) * self.signs[k]),
                        "worst": float(good.min() * self.signs[k]), "regret_mean": float(regret[:, p, k].mean()),
                        "regret_most": float(regret[:, p, k].max()), "best_share": float((regret[:, p, k] <= 0).mean()),
                        "beats_as_it_stands": float((gain > 0).mean()),
                    }
                )  # fmt: skip
        return table

    def careful(self) -> dict[str, str]:
        """Return whom two averse choosers would take, by the first objective: worst tenth of the draws, and largest
        regret.
        """
        good = self.values[:, :, 0] * self.signs[0]
        worst = np.quantile(np.where(np.isfinite(good), good, -np.inf), 0.1, axis=0, method="lower")
        regret = np.nan_to_num(self.regret[:, :, 0], nan=np.inf).max(axis=0)
        # where two are as good, the answer, and else the one that changes least
        order = sorted(range(len(self.names)), key=lambda p: (p != self.winner, p))
        return {
            "worst_tenth": self.names[max(order, key=lambda p: worst[p])],
            "largest_regret": self.names[min(order, key=lambda p: regret[p])],
        }

    def sentence(self) -> str:
        """Say the answer in one sentence."""
        return f"{self._failing()} {self._caution()}"

    def _caution(self) -> str:
        by, answer = self.careful(), self.names[self.winner]
        tenth, regret = by["worst_tenth"], by["largest_regret"]
        if tenth == regret:
            whom = "it as well" if tenth == answer else f"'{tenth}'"
            return f"Who is averse to risk takes {whom}: its worst tenth is the best and its largest regret the least."
        return f"Who looks at the worst tenth of the draws takes '{tenth}', who at the largest regret '{regret}'."

    def _failing(self) -> str:
        count, fails = len(self.draws), int(self.fails.sum())
        if not fails:
            return f"It fails in none of {count} draws of what is not known."
        text = f"It fails in {fails} of {count} draws of what is not known"
        if self.box is None:
            return f"{text}; where, follows no pattern beyond chance."
        box = self.box
        return (
            f"{text}: in {box.fails_inside} of the {box.inside} where {box.where()}, and in {box.fails_outside} of the "
            f"{box.outside} others (a pattern as clear comes by chance {percent(box.chance)} of the time or less)."
        )


@dataclass(frozen=True, eq=False)
class Optimum:
    """What a search found.

    Parameters
    ----------
    title : str
    objectives : mapping of str to str
        Outcome -> ``maximise`` or ``minimise``.
    policies : tuple of Policy
        The scenario as it stands first.
    winner : int
        The answer: for several objectives the compromise, whose largest share of what another gives up is least.  0
        when nothing better was found.
    front : tuple of int
        Policies that are not dominated under fresh luck (one objective: the winner).
    tried : float64 array, shape (n, K)
        Gains over the scenario as it stands of everything the search looked at, for the picture.
    history : tuple of mappings
        A row per generation: runs so far, best and middle gain, and how far the method is.
    robustness : Robustness or None
    runs, points : int
        Made in all; looked at by the search.
    folder, stopped : str
    scenario : str
        The base scenario's name.
    notes : tuple of str
        What a reader should know.
    promised : float64 array, shape (K,)
        The gain that the search itself would have told: of its best point; for several objectives, of the compromise.
    cvar : mapping of str to float
        Outcome -> worst share of the runs whose mean is searched for; the mean of all runs where it is not named.
    won : tuple of str
        Outcomes of which the share of runs is searched for that are better than the scenario as it stands.
    """

    title: str
    objectives: Mapping[str, str]
    policies: tuple[Policy, ...]
    winner: int
    front: tuple[int, ...]
    tried: Floats
    history: tuple[Mapping[str, float], ...]
    robustness: Robustness | None
    runs: int
    points: int
    folder: str = ""
    stopped: str = ""
    scenario: str = ""
    notes: tuple[str, ...] = ()
    promised: Floats = field(default_factory=lambda: np.zeros(0))
    cvar: Mapping[str, float] = field(default_factory=dict)
    won: tuple[str, ...] = ()

    @property
    def signs(self) -> Floats:
        """1 where more is better, -1 where less is."""
        return np.array([1.0 if way == "maximise" else -1.0 for way in self.objectives.values()])

    @property
    def best(self) -> Policy:
        """Return the policy that was chosen."""
        return self.policies[self.winner]

    @property
    def changes(self) -> dict[str, Any]:
        """What the answer sets, for ``Scenario.with_``."""
        return dict(self.best.changes)

    def gains(self, position: int) -> Floats:
        """Return the gain of a policy over the scenario as it stands in each fresh run, in the direction wanted, shape
        (R, K).

        Where the worst runs are searched for, what each run adds to the gain of their mean.
        """
        gains: Floats = (self.policies[position].counted - self.policies[0].counted) * self.signs
        return gains

    def what(self, name: str) -> str:
        """Return what is searched for of an outcome, in words."""
        label = outcome_label(name)
        if name in self.won:
            return f"share of runs with better {label}"
        share = self.cvar.get(name, 1.0)
        return label if share >= 1 else f"{label} in the worst {percent(share)} of runs"

    @property
    def optimism(self) -> Floats:
        """By how much the search's own figure is too good, shape (K,)."""
        return np.asarray(self.promised - self.gains(self.winner).mean(0), np.float64)

    @cached_property
    def table(self) -> "pd.DataFrame":
        """A row per policy: objectives under fresh luck with their gain and its interval, and what is set."""
        import pandas as pd

        return pd.DataFrame(self._rows())

    def _rows(self) -> list[dict[str, Any]]:
        rows = []
        for p, policy in enumerate(self.policies):
            row: dict[str, Any] = {
                "policy": policy.name,
                "answer": p == self.winner,
                "front": p in self.front,
                "fits": policy.fits,
            }
            gains = self.gains(p)
            for k, name in enumerate(self.objectives):
                low, high = mean_interval(gains[:, k], COVERAGE) if p else (0.0, 0.0)
                row |= {
                    name: float(policy.mean[k]),
                    **({f"{name} cvar": float(policy.worth[k])} if self.cvar else {}),
                    **({f"{name} won": float(abs(policy.worth[k]))} if name in self.won else {}),
                    f"{name} gain": float(gains[:, k].mean()),
                    f"{name} gain low": low,
                    f"{name} gain high": high,
                    f"{name} gain in the search": float(policy.searched[k]),
                }
            rows.append(row | dict(policy.changes))
        return rows

    def sentence(self) -> str:
        """Say the answer in one sentence."""
        count = len(self.best.fresh)
        if self.winner == 0:
            return (
                f"Nothing better than the scenario as it stands was found among {self.points:,} points; "
                f"{number(float(len(self.policies) - 1))} were run again under fresh luck."
            )
        settings = ", ".join(f"{plain_label(path)} = {_short(value)}" for path, value in self.changes.items())
        parts = []
        gains = self.gains(self.winner)
        for k, (name, way) in enumerate(self.objectives.items()):
            mean = float(gains[:, k].mean())
            low, high = mean_interval(gains[:, k], COVERAGE)
            if name in self.won:
                least, most = (percent(min(max(0.5 + x, 0.0), 1.0)) for x in (low, high))
                parts.append(f"better {outcome_label(name)} in {percent(0.5 + mean)} of runs ({least} to {most})")
            else:
                better = "more" if (way == "maximise") == (mean >= 0) else "less"
                ends = sorted((low, high)) if mean >= 0 else sorted((-high, -low))
                parts.append(f"{self.what(name)} {number(abs(mean))} {better} ({number(ends[0])} to {number(ends[1])})")
            if self.what(name) != outcome_label(name):
                all_runs = float((self.best.mean - self.policies[0].mean)[k])
                parts.append(f"on average {number(abs(all_runs))} {'more' if all_runs >= 0 else 'less'}")
        kind = "Best" if len(self.objectives) == 1 else "A compromise"
        text = f"{kind}: {settings}. Against the scenario as it stands, over {count} runs under fresh luck: "
        text += "; ".join(parts) + "."
        optimism = self.optimism
        if np.isfinite(optimism).all():
            # what is smaller than the last bits of the figures is nothing
            size = 1e-9 * np.abs(self.best.mean)
            parts = [
                f"{self.what(name)} {number(100.0 * x)} points"
                if name in self.won
                else f"{outcome_label(name)} {number(float(x))}"
                for name, x in zip(self.objectives, np.where(abs(optimism) > size, optimism, 0.0), strict=True)
            ]
            said = "; ".join(parts)
            text += f" The search's own figure was too good by: {said}."
        return text

    def to_dict(self) -> dict[str, Any]:
        """Return everything as values strict JSON can hold."""
        names = tuple(self.objectives)
        robust = self.robustness
        whole: dict[str, Any] = {
            "folder": self.folder, "title": self.title, "scenario": self.scenario, "objectives": dict(self.objectives),
            "cvar": dict(self.cvar), "won": list(self.won),
            "sentence": self.sentence(), "changes": self.changes, "found": self.winner > 0,
            "policies": [
                {
                    "policy": policy.name, "changes": dict(policy.changes), "answer": p == self.winner,
                    "front": p in self.front, "fits": policy.fits, "fault": policy.fault,
                    "excess": policy.excess, "runs": len(policy.fresh),
                    "objectives": {
                        name: {
                            "mean": policy.mean[k], "worth": policy.worth[k], "gain": self.gains(p)[:, k].mean(),
                            "interval": list(mean_interval(self.gains(p)[:, k], COVERAGE)) if p else [0.0, 0.0],
                            "gain_in_search": policy.searched[k],
                        }
                        for k, name in enumerate(names)
                    },
                }
                for p, policy in enumerate(self.policies)
            ],
            "promised": dict(zip(names, self.promised.tolist(), strict=True)),
            "optimism": dict(zip(names, self.optimism.tolist(), strict=True)),
            "history": [dict(row) for row in self.history], "runs": self.runs, "points": self.points,
            "robustness": None, "stopped": self.stopped, "notes": list(self.notes),
        }  # fmt: skip
        if robust is not None:
            box = robust.box
            whole["robustness"] = {
                "sentence": robust.sentence(), "draws": len(robust.draws), "fails": int(robust.fails.sum()),
                "policies": robust.rows(names), "careful": robust.careful(),
                "box": None if box is None else {
                    "limits": {path: list(limit) for path, limit in box.limits.items()}, "inside": box.inside,
                    "fails_inside": box.fails_inside, "outside": box.outside, "fails_outside": box.fails_outside,
                    "chance": box.chance,
                },
            }  # fmt: skip
        return dict(finite(whole))

    def __repr__(self) -> str:
        return f"<Optimum of {', '.join(self.objectives)}: {self.points} points, {self.runs} runs>"


def _short(value: Any) -> str:
    return (
        number(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        else str(value)
    )
