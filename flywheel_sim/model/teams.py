"""Teams as Mesa agents: to look at, and to decide for."""

from typing import Any

import mesa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from flywheel_sim.model.host import Host
from flywheel_sim.scenario.errors import nearest

__all__ = ["Team", "Teams"]

Floats = NDArray[np.float64]


class Team(mesa.Agent):  # type: ignore[misc]
    """A team of the company: where it looks, how strong it is, and, in a subclass, how it decides.

    Attributes
    ----------
    name : str
        Its name in the scenario.

    Examples
    --------
    >>> from flywheel_sim import FlywheelModel
    >>> from flywheel_sim.model import Team
    >>> class Listens(Team):
    ...     def decide(self):
    ...         return 4.0 * self.model.need
    >>> m = FlywheelModel({"extends": "b2b-saas", "horizon_weeks": 26}, rng=1, team_class={"sales": Listens})
    >>> m.run_model()
    >>> plain = FlywheelModel({"extends": "b2b-saas", "horizon_weeks": 26}, rng=1)
    >>> plain.run_model()
    >>> bool(m.teams["sales"].direction @ m.need > plain.teams["sales"].direction @ plain.need)
    True
    """

    def __init__(self, model: Host, name: str) -> None:
        super().__init__(model)
        self.name = name
        self._index = tuple(model.spec.model.teams).index(name)
        self._given = frozenset(vars(self)) | {"_given"}

    def decide(self) -> ArrayLike | None:
        """Pull for the coming week, in units of the diffusion D, one number per axis; None = the engine's own.

        The pull takes the place of craft, pay, leadership and experience map; the static field of the scenario, the
        coupling to other teams and noise stay.
        """
        return None

    @property
    def direction(self) -> Floats:
        """Where the team looks: a unit vector over the scenario's axes (a copy)."""
        return np.array(self.model._state.direction[self._index, : self.model._width])

    @property
    def belief(self) -> Floats:
        """The team's experience map: the need as it sees it (a copy)."""
        return np.array(self.model._state.belief[self._index, : self.model._width])

    @property
    def magnitude(self) -> float:
        """Strength per head; 1 = all hours reach the work, at reference skill and effort."""
        return float(self.model._state.magnitude[self._index])

    @property
    def headcount(self) -> float:
        """People in office, vacancies left out."""
        return float(self.model._state.heads[self._index])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class Teams(tuple[Team, ...]):
    """The teams in the order of the scenario; also found by name."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return super().__getitem__(key)
        for team in self:
            if team.name == key:
                return team
        near = nearest(key, [team.name for team in self])
        raise KeyError(f"there is no team '{key}'" + (f"; did you mean '{near}'?" if near else ""))
