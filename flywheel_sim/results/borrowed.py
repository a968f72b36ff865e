"""Whose a scenario's calibration is: measured for it, or taken over from the company it extends."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flywheel_sim.results.naming import differences
from flywheel_sim.scenario.roles import role_of

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario

__all__ = ["Borrowed", "borrowed"]


@dataclass(frozen=True)
class Borrowed:
    """Targets, and what they came to, that were measured for another company.

    Parameters
    ----------
    name, title : str
        The company that they were measured for; empty where it cannot be told any more.
    paths : tuple of str
        What of the company, or of how strongly things work, is not as it was there.
    """

    name: str
    title: str
    paths: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What a reader of the numbers should know."""
        whose = self.title or "another version of this company"
        some = ", ".join(self.paths[:3]) + (f" and {len(self.paths) - 3} more" if len(self.paths) > 3 else "")
        differs = f", which differs in {some}" if some else ""
        return f"measured for {whose}{differs}; for this one they have not been measured"


def borrowed(scenario: "Scenario") -> Borrowed | None:
    """Tell whether a scenario's targets were measured for another company; None where they are its own or it has none.

    They stay a company's own whatever is decided in it: a base case is measured before anything is tried.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> company = load("b2b-saas")
    >>> borrowed(company), borrowed(company.with_({"market.price": 1.2}))
    (None, None)
    >>> borrowed(company.with_({"market.churn.mean": 0.3})).paths
    ('market.churn.mean',)
    """
    frozen = scenario.model.frozen
    if frozen.hash == scenario.hash:
        return None
    if not frozen.targets:  # a file that changes the company has none of its parent's, and should know
        base = _calibrated_below(scenario)
        if base is None:
            return None
    else:
        base = _measured(scenario)
    if base is None:
        return Borrowed("", "", ())
    paths = tuple(path for path in differences([base, scenario]) if role_of(path) in ("company", "effect"))
    return Borrowed(base.name, base.title, paths) if paths else None


def _calibrated_below(scenario: "Scenario") -> "Scenario | None":
    """Return the nearest company below that was calibrated to something."""
    from flywheel_sim.scenario import ScenarioError, load

    visited: set[str] = set()
    below = scenario.below
    while below and below not in visited and not below.startswith("library/"):
        visited.add(below)
        try:
            company = load(below)
        except (ScenarioError, OSError):
            return None
        if company.model.frozen.targets:
            return company
        below = company.below
    return None


def _measured(scenario: "Scenario") -> "Scenario | None":
    """Return the company whose hash stands in the record: one the scenario extends, or a shipped one; None when it is
    gone.
    """
    from flywheel_sim.scenario import ScenarioError, load, scenarios

    files = [file for file in scenario.files if Path(file).is_file()]
    shipped = [name for name, entry in scenarios().items() if entry.kind == "company"]
    near = sorted(shipped, key=lambda name: name not in {Path(file).stem for file in scenario.files})
    for spec in [*files, *near]:
        try:
            company = load(spec)
        except (ScenarioError, OSError):
            continue
        if company.hash == scenario.model.frozen.hash:
            return company
    return None
