"""The simulation as a Mesa model: to step by hand, to look into, and to interfere with.

:class:`FlywheelModel` wraps one run of the engine.  Stepping it week by week gives the same bits as
:func:`flywheel_sim.run`.  Between weeks it calls, in this order,

1. every intervention's ``step(model)``, which may change the future by `FlywheelModel.set` or `Customers.add`,
2. every team's `Team.decide`, which may pull the team somewhere for the coming week,
3. the engine, for one week,
4. every analyzer's ``step(model)``,
5. the data collector.

Luck comes from the engine, keyed by ``rng``; Mesa's own generators are never drawn from, so a hook that does nothing
changes no bit.  What a change makes of the future is written into the timeline of `FlywheelModel.spec`, so that
``fs.run(model.spec, seed=rng)`` is the same run, and can be told from there.
"""

from flywheel_sim.model.customers import Customer, Customers
from flywheel_sim.model.flywheel import FlywheelModel, Hook
from flywheel_sim.model.teams import Team, Teams

__all__ = ["Customer", "Customers", "FlywheelModel", "Hook", "Team", "Teams"]
