r"""What strengthens an effect is paid for, week by week.

A number that makes an effect stronger, and that a scenario may simply set, costs hours of every head or money in
proportion to it, so that no strength is free.  With x the level of each,

==================  =====================================================  =======================================
level x             what it strengthens                                    what it costs a week
==================  =====================================================  =======================================
integration         shared records carry handoffs (M4)                     integration_cost x; integration_hours x
map_pull x sharing  teams follow the shared map (M11, M13)                 map_hours x
transparency        teams hear each other, blockers are seen (M11, M18)    transparency_hours x
norms               gaming is prevented (M12)                              norms_hours x
clarity             nothing is routed to the CCO by mistake (M21)          clarity_hours x
personalisation     use feels personal (M9)                                personalisation_cost x integration x sharing
==================  =====================================================  =======================================

hours per head, of every team.  The strength of pay costs a bonus of at least ``intensity_bonus`` of salary for each
unit of intensity (M12).  Costs are straight lines, since most of these effects are; where the effect saturates (pay is
capped, K_max), the last hour buys less than the first.  At level 0 it costs nothing, without a step.

Neutral setting: every cost 0, as the schema has it.
"""

from flywheel_sim.engine.jit import step
from flywheel_sim.engine.kernel_types import Par, State, Tables

__all__ = ["keep_up"]


@step
def keep_up(par: Par, tables: Tables, state: State, run: int) -> None:
    """Charge hours and money for what strengthens effects this week."""
    firm, hours = state.run[run], 0.0
    if par.vectors.enabled:
        hours += par.vectors.transparency_hours * par.vectors.transparency
        if par.sensing.enabled:
            hours += par.vectors.map_hours * par.vectors.map_pull * par.sensing.sharing
    if par.incentives.enabled:
        hours += par.incentives.norms_hours * par.incentives.norms
    if par.leadership.enabled:
        hours += par.leadership.clarity_hours * par.leadership.clarity
    if par.handoffs.enabled:
        hours += par.handoffs.integration_hours * par.handoffs.integration
        firm.upkeep += par.handoffs.integration_cost * par.handoffs.integration
        if par.channels.enabled and par.sensing.enabled:
            lift = par.channels.personalisation * par.handoffs.integration * par.sensing.sharing
            firm.upkeep += par.channels.personalisation_cost * lift
    if hours > 0.0:
        for k in range(par.size.teams):
            state.taken[firm.team0 + k] += hours * state.heads[firm.team0 + k]
