"""The blocks of a study file: parameters, design and search, as pydantic checks them."""

from typing import Any, Literal

from flywheel_sim.execute.outcome import DEFAULT_OUTCOMES
from flywheel_sim.scenario.fields import Block, param

__all__ = ["ConstraintBlock", "DesignBlock", "ParameterBlock", "SearchBlock", "SimplexBlock", "StudyFile"]


class ParameterBlock(Block):
    """What one parameter may be."""

    values: list[Any] = param([], "These values.")
    range: list[float] = param([], "From the first number to the second.")
    scale: Literal["linear", "log"] = param("linear", "How a range is divided: evenly, or evenly in the logarithm.")
    whole: bool = param(False, "Only whole numbers of a range; always so where the scenario takes no others.")
    levels: int = param(0, "Values of a range or distribution in a grid.", ge=0, le=100_000)
    distribution: str = param("", "Name of a distribution of scipy.stats.")
    arguments: dict[str, float] = param({}, "Its arguments, by name: shapes, loc and scale.")
    also: list[str] = param([], "Other paths that get the same value.")


class DesignBlock(Block):
    """How points are laid."""

    kind: Literal["grid", "lhs", "sobol", "morris", "table"] = param("grid", "Kind of design.")
    points: int = param(0, "Points of lhs, base rows of sobol, trajectories of morris.", ge=0, le=10_000_000)
    levels: int = param(4, "Levels of morris.", ge=2, le=64)
    second_order: bool = param(False, "Whether sobol lays the points that second-order indices need.")
    rows: list[dict[str, Any]] = param([], "Points of a table: a mapping from path to value each.")
    file: str = param("", "A table's CSV file, relative to the study; its first line names paths.")
    decimal: Literal["", ".", ","] = param("", "Decimal sign of that file; empty = a point, if its numbers show it.")
    seed: int = param(1, "Seed of a design that is drawn.", ge=0, lt=2**32)


class SimplexBlock(Block):
    """Weights that are not negative and add up to a total."""

    paths: list[str] = param(..., "Paths of the weights.", min_length=2)
    total: float = param(1.0, "What they add up to.", gt=0)


class ConstraintBlock(Block):
    """A limit that the answer must keep: on the mean of an outcome, or on a sum over parameters."""

    outcome: str = param("", "The outcome.")
    sum: dict[str, float] = param({}, "Paths of parameters, and what each counts.")
    at_least: float | None = param(None, "Not less than this.")
    at_most: float | None = param(None, "Not more than this.")


class SearchBlock(Block):
    """What a search looks for, and at what cost."""

    objectives: dict[str, Any] = param({}, "Outcome -> maximise or minimise.")  # names of outcomes may have dots
    cvar: dict[str, Any] = param(
        {},
        "Objective -> share of its runs, the worst, whose mean counts instead of that of all (conditional value at "
        "risk).",
    )
    won: list[str] = param(
        [], "Objectives of which the share of runs counts in which a point is better than the scenario as it stands."
    )
    constraints: list[ConstraintBlock] = param([], "Limits the answer must keep.")
    simplexes: dict[str, SimplexBlock] = param({}, "Groups of weights that add up to a total.")
    budget: int = param(1000, "Runs of the search at most.", ge=1, le=20_000_000)
    population: int = param(0, "Points of a generation; 0 leaves it to the method.", ge=0, le=10_000)
    step: float = param(0.25, "First step of CMA-ES, as a share of every range.", gt=0, le=1)
    seed: int = param(1, "Seed of what the search draws.", ge=1, lt=2**32)
    shortlist: int = param(5, "Best points of the search that are run again to choose among them.", ge=1, le=100)
    fresh: int = param(40, "Runs of a point under luck the search has not seen.", ge=2, le=100_000)
    uncertainty: dict[str, Any] = param({}, "What is not known: path -> values, a range or a distribution.")
    draws: int = param(40, "Draws of what is not known.", ge=5, le=100_000)
    draws_file: str = param("", "Draws instead, relative to the study: a CSV file whose first line names paths.")
    draws_decimal: Literal["", ".", ","] = param(
        "", "Decimal sign of a CSV file of draws; empty = a point, if its numbers show it."
    )
    over_draws: bool = param(
        False,
        "Whether every run of the search draws what is not known, too; else only what it finds is run in the draws.",
    )
    worlds: int = param(
        0,
        "So many worlds of the company instead, as flywheel worlds makes them: run k of every point is of world k.",
        ge=0,
        le=100_000,
    )
    worlds_from: str = param(
        "", "Where they are, relative to the study, or what flywheel calibrate --method posterior has left."
    )
    draw_replicates: int = param(4, "Runs of a point in each draw.", ge=1, le=100_000)


class StudyFile(Block):
    """A whole study file."""

    version: Literal[1] = param(1, "Version of the format.")
    title: str = param("", "What it is called.")
    question: str = param("", "What it asks.")
    scenario: str = param("", "The scenario, by name or path.")
    scenarios: list[str] = param([], "Several scenarios; every point is run with each of them.")
    settings: dict[str, Any] = param({}, "Set in every run.", alias="set")
    parameters: dict[str, Any] = param({}, "What varies: path -> values, a range or a distribution.")
    design: DesignBlock = param(DesignBlock(), "How points are laid.")
    search: SearchBlock = param(SearchBlock(), "What to search for, instead of a design.")
    outcomes: list[str] = param(list(DEFAULT_OUTCOMES), "Numbers kept of every run.")
    series: list[str] = param([], "Weekly columns kept of every run.")
    series_every: int = param(1, "Weeks between two rows of them.", ge=1, le=520)
    interventions: list[str] = param([], "Python that acts in every run, by name: package.module:Class with a step.")
    team_class: dict[str, str] = param({}, "Teams that decide for themselves: team, or all -> package.module:Class.")
    replicates: int = param(1, "Runs of every point.", ge=1, le=1_000_000)
    seed: int = param(1, "Root of the luck.", ge=0, lt=2**32)
