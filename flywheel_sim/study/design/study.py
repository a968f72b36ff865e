"""A study: what its file says, its scenarios and its parameters, every name checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flywheel_sim.execute.ruled import Rules, rules
from flywheel_sim.scenario import Problem, Scenario
from flywheel_sim.scenario.checking import place_of
from flywheel_sim.scenario.reading import Place
from flywheel_sim.study.blocks import ParameterBlock, StudyFile

__all__ = ["Study"]


@dataclass(frozen=True)
class Study:
    """A study whose every name has been checked.

    Parameters
    ----------
    file : StudyFile
    parameters : mapping of str to ParameterBlock
    scenarios : mapping of str to Scenario
        With what is set in every run.
    folder : Path
        What the file of a table is relative to.
    name : str
        Stem of the file.
    places : mapping
        Path in the file -> place of the name and of the value.
    source : mapping
        What the file said.
    """

    file: StudyFile
    parameters: Mapping[str, ParameterBlock]
    scenarios: Mapping[str, Scenario]
    folder: Path
    name: str
    places: Mapping[tuple[str, ...], tuple[Place, Place]]
    source: Mapping[str, Any]

    @property
    def searches(self) -> bool:
        """Whether it searches instead of laying a design."""
        return "search" in self.source

    @property
    def rules(self) -> Rules:
        """Return Python that takes part in every run."""
        return rules(self.file.interventions, self.file.team_class or None)

    @property
    def base(self) -> Scenario:
        """Return the first of the scenarios."""
        return next(iter(self.scenarios.values()))

    def problem(self, path: tuple[str, ...], message: str, near: str | None = None, *, name: bool = False) -> Problem:
        """Return a mistake at a path of the file."""
        file, line, column = place_of(self.places)(path, name)
        return Problem(file, line, column, ".".join(path), message, near)
