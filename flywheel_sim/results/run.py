"""One run: what it was, what happened, and the numbers that sum it up."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.arrays import RunArrays
from flywheel_sim.results.accounts import Accounts
from flywheel_sim.results.life_table import renewals
from flywheel_sim.results.missing_values import check_columns, reasons
from flywheel_sim.results.naming import command_for, pack, unpack
from flywheel_sim.results.provenance import Provenance, provenance
from flywheel_sim.results.saving import finite, fitting, read_columns, read_manifest, read_table, write_folder
from flywheel_sim.results.summary import summarize, whale_curve
from flywheel_sim.results.units import UNITS
from flywheel_sim.scenario.arguments import Named, one_of
from flywheel_sim.scenario.columns import COL, NAMES

if TYPE_CHECKING:
    import pandas as pd

    from flywheel_sim.engine.run import Simulation
    from flywheel_sim.scenario import Scenario

__all__ = ["SCHEMA", "Run", "open_run"]

#: Format of a saved run.
SCHEMA = "flywheel.saved-run/1"


@dataclass(frozen=True, eq=False)
class Run:
    """What one run of a scenario leaves behind.

    Parameters
    ----------
    scenario : Scenario
    arrays : RunArrays
        What the engine returned.
    made : Provenance, optional
        Where a saved run comes from; a fresh run describes this machine.
    rules : mapping of str to str
        Python that took part in the run, by class, with the hash of its source.

    Attributes
    ----------
    weekly : DataFrame, one row per week
        ``week`` 1..H first, then every weekly column.
    initial : Series
        The state before week 1.
    summary : mapping of str to float
        The keys of ``results.summary.SUMMARY``; NaN where this run cannot say.
    missing : mapping of str to str
        Why, for each of these.
    customers : DataFrame, one row per account
        Columns id, segment, state, voice, spells, start_week, end_week, cause, source, referrer, first_source,
        first_referrer, revenue, cost, profit; and what is counted of each with ``measures.per_account`` (see
        :class:`~flywheel_sim.results.accounts.Accounts`).
        Segment, state, voice and cause are categories.  Cost is what a customer asked for: delivering, contacts,
        touches and the cost of its wins.  Over all accounts it is the lines cost_of_revenue, service_cost and
        touch_cost, and the part of acquisition_cost that is for wins; leads, pay, programmes and overhead are nobody's
        in particular.
    accounts : Accounts, or None
        The same columns as a mapping, 21 bytes an account until one is asked for.
    teams : DataFrame, one row per week and team
        Columns week, team, magnitude, then ``u_<axis>``.
    renewals : DataFrame, one row per renewal number
        Columns renewal, week, due, renewed, rate, survival.
    provenance : Provenance
        Versions, hashes, seed, and the command that makes the run again; none for a run that was looked at before its
        end, or that Python had a hand in.
    """

    scenario: "Scenario"
    arrays: RunArrays
    made: Provenance | None = None
    rules: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        scenario: "Scenario",
        simulation: "Simulation",
        number: int = 0,
        *,
        accounts: bool = True,
        rules: Mapping[str, str] | None = None,
    ) -> Self:
        """Copy what one run of a simulation has left behind so far.

        Parameters
        ----------
        scenario : Scenario
            What was simulated.
        simulation : Simulation
            A batch of runs, at whatever week it is.
        number : int
            Of the run in its batch, from 0.
        accounts : bool
            Keep one row per account.
        rules : mapping, optional
            Python that took part in it.

        Raises
        ------
        NotFiniteError
            When a weekly column of the run holds something that is no number.
        """
        arrays = simulation.arrays(number)
        check_columns(arrays.weekly, arrays.seed, arrays.replicate)
        kept = replace(arrays, accounts=Accounts.of(simulation, number)) if accounts else arrays
        return cls(scenario, kept, rules=dict(rules or {}))

    @property
    def seed(self) -> int:
        """Return the seed of the run's luck."""
        return self.arrays.seed

    @property
    def replicate(self) -> int:
        """Number of the run under that seed, from 0."""
        return self.arrays.replicate

    @property
    def weeks(self) -> int:
        """Return the number of weeks simulated."""
        return self.arrays.weeks

    def series(self, column: str, *, start: bool = False) -> NDArray[np.float64]:
        """Return one weekly column as an array.

        Parameters
        ----------
        column : str
            Its name, out of `flywheel_sim.scenario.columns.NAMES`.
        start : bool
            Put the value before week 1 in front.

        Returns
        -------
        float64 array, shape (W,) or, with ``start``, (W + 1,)

        Raises
        ------
        ScenarioError
            When there is no such column, with the nearest name.
        """
        index = getattr(COL, one_of("column", column, NAMES))
        values = self.arrays.weekly[:, index]
        return np.concatenate((self.arrays.initial[index : index + 1], values)) if start else values

    @cached_property
    def weekly(self) -> "pd.DataFrame":
        """One row per week; ``attrs["units"]`` says the unit of every column."""
        import pandas as pd

        frame = pd.DataFrame(self.arrays.weekly, columns=list(NAMES), copy=True)
        frame.insert(0, "week", np.arange(1, self.weeks + 1))
        frame.attrs["units"] = dict(UNITS)
        return frame

    @cached_property
    def initial(self) -> "pd.Series[float]":
        """Return the state before week 1."""
        import pandas as pd

        return pd.Series(self.arrays.initial, index=list(NAMES), name="initial", copy=True)

    @cached_property
    def accounts(self) -> Accounts | None:
        """The accounts as they stood at the end, kept narrow; None when the run kept none."""
        kept: Mapping[str, NDArray[Any]] | None = self.arrays.accounts
        if kept is None or isinstance(kept, Accounts):
            return kept
        return Accounts.coded(tuple(self.scenario.model.segments), kept)

    def _accounts(self) -> Accounts:
        if self.accounts is None:
            raise ValueError("this run kept no accounts; run it with accounts=True")
        return self.accounts

    @cached_property
    def customers(self) -> "pd.DataFrame":
        """Return a table with one row per account.

        Raises
        ------
        ValueError
            When the run kept no accounts.
        """
        return self._accounts().frame()

    def whale_curve(self) -> "pd.DataFrame":
        """Return the cumulative profit of everybody who ever was a customer, best first (S16).

        Returns
        -------
        DataFrame
            ``customers`` and ``profit``, both as shares of the total.  Where profit rises above 1, the customers beyond
            the peak lose what it is above.

        Raises
        ------
        ValueError
            When the run kept no accounts.
        """
        import pandas as pd

        curve = whale_curve(self._accounts().profits())
        return pd.DataFrame({"customers": np.arange(1, curve.size + 1) / max(curve.size, 1), "profit": curve})

    @cached_property
    def teams(self) -> "pd.DataFrame":
        """One row per week and team.

        Raises
        ------
        ValueError
            When the run kept no team directions.
        """
        import pandas as pd

        if self.arrays.teams is None:
            raise ValueError("this run kept no team directions; run it with teams=True")
        return pd.DataFrame(self._team_columns(self.arrays.teams))

    @cached_property
    def summary(self) -> Mapping[str, float]:
        """The numbers that sum up the run."""
        model = self.scenario.model
        return Named(
            summarize(
                self.arrays.weekly,
                self.arrays.initial,
                self.arrays.life,
                None if self.accounts is None else self.accounts.profits(),
                discount_rate=model.ledger.discount_rate,
                warm_up_weeks=model.measures.warm_up_weeks,
                open_market=model.market.pool == "constant",
            )
        )

    @cached_property
    def missing(self) -> Mapping[str, str]:
        """Why each number that the summary lacks is not there; empty when all are."""
        return reasons(
            self.summary,
            self.arrays.weekly,
            kept=self.accounts is not None,
            warm_up_weeks=self.scenario.model.measures.warm_up_weeks,
        )

    @cached_property
    def renewals(self) -> "pd.DataFrame":
        """Survival by renewal number: who was up for the k-th renewal, and who renewed; empty without contracts.

        Customers who had already renewed when the run began, or who had not yet come so far when it ended, count where
        they were seen.
        """
        import pandas as pd

        contracts = self.scenario.model.contracts
        kind = contracts.kind if contracts.enabled else "none"
        return pd.DataFrame(renewals(self.arrays.weekly, self.arrays.life, kind))

    @cached_property
    def provenance(self) -> Provenance:
        """Where this run comes from."""
        if self.made is not None:
            return self.made
        whole = self.weeks == self.scenario.model.horizon_weeks
        return provenance(
            {self.scenario.name: self.scenario.hash},
            self.seed,
            replicate=self.replicate,
            command=command_for([self.scenario], self.seed, replicate=self.replicate) if whole else "",
            rules=self.rules,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the summary and where it comes from, as values strict JSON can hold."""
        return {
            "scenario": {"name": self.scenario.name, "title": self.scenario.title, "hash": self.scenario.hash},
            "seed": self.seed,
            "replicate": self.replicate,
            "weeks": self.weeks,
            "summary": finite(dict(self.summary)),
            "missing": dict(self.missing),
        }

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the run as a folder of parquet tables and a manifest; all of it or nothing.

        Raises
        ------
        ResultError
            When something is already there.
        """
        arrays = self.arrays
        tables: dict[str, Mapping[str, Any]] = {
            "weekly": {"week": np.arange(1, self.weeks + 1)}
            | {name: np.ascontiguousarray(arrays.weekly[:, i]) for i, name in enumerate(NAMES)},
            "initial": {name: arrays.initial[i : i + 1] for i, name in enumerate(NAMES)},
            "life": {
                "age": np.arange(len(arrays.life)),
                **dict(zip(_LIFE, np.ascontiguousarray(arrays.life.T), strict=True)),
            },
        }
        if arrays.need is not None:
            tables["need"] = {"week": np.arange(1, self.weeks + 1)} | {
                f"n_{axis}": np.ascontiguousarray(arrays.need[:, k]) for k, axis in enumerate(self.scenario.model.axes)
            }
        if arrays.teams is not None:
            tables["teams"] = self._team_columns(arrays.teams)
        if self.accounts is not None:
            tables["customers"] = self.accounts.stored()
        manifest = {
            "schema": SCHEMA,
            "seed": self.seed,
            "replicate": self.replicate,
            "weeks": self.weeks,
            "scenarios": [pack(self.scenario)],
            "summary": finite(dict(self.summary)),
            "provenance": self.provenance.to_dict(),
        }
        return write_folder(folder, manifest, tables)

    def _team_columns(self, teams: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
        weeks, count, _ = teams.shape
        names = np.array(list(self.scenario.model.teams), dtype=str)
        columns: dict[str, NDArray[Any]] = {
            "week": np.repeat(np.arange(1, weeks + 1), count),
            "team": np.tile(names, weeks),
            "magnitude": teams[:, :, 0].ravel(),
        }
        for axis, name in enumerate(self.scenario.model.axes):
            columns[f"u_{name}"] = teams[:, :, 1 + axis].ravel()
        return columns

    def __repr__(self) -> str:
        return f"<Run of {self.scenario.label}: {self.weeks} weeks, seed {self.seed}, replicate {self.replicate}>"


def open_run(folder: str | os.PathLike[str]) -> Run:
    """Open a saved run; every number is the same to the last bit.

    Raises
    ------
    ResultError
        When there is none, it is broken, or another version of the package wrote it.
    """
    manifest = read_manifest(folder, SCHEMA)
    weekly, initial, life = (read_table(folder, name) for name in ("weekly", "initial", "life"))
    with fitting(folder):
        scenario = unpack(manifest["scenarios"][0])
        tables, segments = manifest["tables"], tuple(scenario.model.segments)
        weeks = int(manifest["weeks"])
        arrays = RunArrays(
            seed=int(manifest["seed"]),
            replicate=int(manifest["replicate"]),
            weeks=weeks,
            initial=np.array([initial[name][0] for name in NAMES]),
            weekly=np.column_stack([weekly[name] for name in NAMES]),
            teams=_teams(read_table(folder, "teams"), scenario) if "teams" in tables else None,
            life=np.column_stack([life[name] for name in _LIFE]),
            need=_need(read_table(folder, "need"), scenario) if "need" in tables else None,
            accounts=Accounts.coded(segments, read_columns(folder, "customers")) if "customers" in tables else None,
        )
        if len(arrays.weekly) != weeks:
            raise ValueError(f"it holds {len(arrays.weekly)} weeks, not {weeks}")
        return Run(scenario, arrays, Provenance.of(manifest["provenance"]))


_LIFE = ("at_risk", "lost", "referrals")


def _teams(table: Mapping[str, NDArray[Any]], scenario: "Scenario") -> NDArray[np.float64]:
    names = ["magnitude", *(f"u_{axis}" for axis in scenario.model.axes)]
    count = len(scenario.model.teams)
    values = np.column_stack([table[name] for name in names])
    return values.reshape(-1, count, len(names))


def _need(table: Mapping[str, NDArray[Any]], scenario: "Scenario") -> NDArray[np.float64]:
    return np.column_stack([table[f"n_{axis}"] for axis in scenario.model.axes])
