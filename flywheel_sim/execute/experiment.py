"""What all runs of a store have in common, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flywheel_sim.execute.checksums import FORMAT
from flywheel_sim.execute.design import Design
from flywheel_sim.execute.outcome import DEFAULT_OUTCOMES, functions
from flywheel_sim.execute.ruled import NO_RULES, Rules
from flywheel_sim.execute.versions import code
from flywheel_sim.results.naming import pack, unpack
from flywheel_sim.results.provenance import Provenance, provenance
from flywheel_sim.scenario import Scenario
from flywheel_sim.typed import command

__all__ = ["Experiment", "Standing"]


@dataclass(frozen=True)
class Experiment:
    """What all runs of a store have in common.

    Parameters
    ----------
    scenarios : mapping of str to Scenario
        By name; points name one of them.
    seed : int
        Root of the luck.
    outcomes : tuple of str
        Numbers kept of a run, as `flywheel_sim.execute.outcome` names them.
    columns : tuple of str
        Weekly columns kept.
    every : int
        Weeks between two rows of them.
    about : mapping
        JSON values for whoever opens the store: title, the study file, how the design was made.
    rules : Rules
        Python that takes part in every run, under importable names.
    """

    scenarios: Mapping[str, Scenario]
    seed: int = 1
    outcomes: tuple[str, ...] = DEFAULT_OUTCOMES
    columns: tuple[str, ...] = ()
    every: int = 1
    about: Mapping[str, Any] = field(default_factory=dict)
    rules: Rules = NO_RULES

    def __post_init__(self) -> None:
        from flywheel_sim.engine.targets import with_targets
        from flywheel_sim.execute.run import worker_count

        ready = {name: with_targets(scenario, worker_count()) for name, scenario in self.scenarios.items()}
        object.__setattr__(self, "scenarios", ready)

    def to_dict(self, folder: Path, design: Design | None) -> dict[str, Any]:
        """Return what ``study.json`` says of runs that are begun here and now."""
        return {
            "schema": FORMAT,
            "code": code(),
            "named_by": {f"rule {name}": source for name, source in self.rules.identity.items()},
            "functions": functions(self.outcomes),
            "rules": self.rules.identity,
            "provenance": self.made_in(folder, design).to_dict(),
            "seed": self.seed,
            "outcomes": list(self.outcomes),
            "columns": list(self.columns),
            "every": self.every,
            "about": dict(self.about),
            "scenarios": {name: pack(scenario) for name, scenario in self.scenarios.items()},
        }

    @classmethod
    def of(cls, study: Mapping[str, Any]) -> "Experiment":
        """Read back what ``study.json`` says, without its rules, so that looking at a store imports nothing."""
        return cls(
            {name: unpack(packed) for name, packed in study["scenarios"].items()},
            study["seed"],
            tuple(study["outcomes"]),
            tuple(study["columns"]),
            study["every"],
            study["about"],
        )

    def made_in(self, folder: Path, design: Design | None) -> Provenance:
        """Return the provenance of a store of these runs that is begun here and now."""
        hashes = {name: scenario.hash for name, scenario in self.scenarios.items()}
        again = command("flywheel", "reproduce", folder)
        return provenance(
            hashes, self.seed, replicates=design.replicates if design else 1, command=again, rules=self.rules.identity
        )


@dataclass(frozen=True)
class Standing:
    """How far a store is.

    Parameters
    ----------
    total, done, failed : int
        Runs asked for, finished (the failed ones included), and failed.
    seconds_left : float or None
        What the rest will take at the pace so far; None when nothing is known.
    stopping : bool
        Somebody has asked to stop, and what is running is being finished.
    """

    total: int
    done: int
    failed: int
    seconds_left: float | None = None
    stopping: bool = False

    @property
    def left(self) -> int:
        """Return the number of runs still to go."""
        return self.total - self.done

    def of_whole(self, most: int, had: int, seconds: float) -> "Standing":
        """Return the same against all runs that something may cost; ``had`` were there when it began, seconds ago.

        Examples
        --------
        >>> Standing(total=10, done=6, failed=0).of_whole(most=30, had=2, seconds=8.0).seconds_left
        48.0
        """
        total, done = max(most, self.total), self.done - had
        left = seconds * (total - self.done) / done if done > 0 else None
        return replace(self, total=total, seconds_left=left)
