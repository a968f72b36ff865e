r"""M19 Heads at work: who is idle asks little of colleagues.

Of its heads a team has at work

    heads_k min(1, (demand_k / hours there)/load_reference_k),

demand and hours as in `m19_capacity`, load_reference their ratio at the frozen base case.  Those who train, pay and
support everybody have their work with these (`hours_per_head` of M19, the support S of M20).  An idle colleague is paid
and has to be coordinated, but needs no replacement and no training for what nobody asks.  Would idle heads count whole,
more support or sales than there is work for would leave less for all the others and serve each customer worse, against
the law that more of a team saturates.

Neutral setting: ``capacity.shortness: 0``, and a team that nobody asks anything (its work is not stated): all heads.
"""

from flywheel_sim.engine.jit import inlined
from flywheel_sim.engine.kernel_types import Par, State, Tables

__all__ = ["heads_at_work"]


@inlined
def heads_at_work(par: Par, tables: Tables, state: State, run: int) -> float:
    """Sum the heads of all teams as far as they have as much to do as in the frozen base case."""
    total, sharp = 0.0, par.capacity.enabled and par.capacity.shortness > 0.0
    for k in range(par.size.teams):
        row, busy = state.run[run].team0 + k, 1.0
        demand, usual = state.demand[row], state.hours[row] * tables.team[par.size.team0 + k].load_reference
        if sharp and 0.0 < demand < usual:
            busy = demand / usual
        total += state.heads[row] * busy
    return total
