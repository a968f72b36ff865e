r"""M19 Heads at work: who is idle asks little of colleagues.

Of its heads a team has at work

    heads_k min(1, (demand_k / hours there)/load_reference_k),

demand and hours as in `m19_capacity`, load_reference their ratio at the frozen base case.  Those who train, pay and
support everybody have their work with these (`hours_per_head` of M19, the support S of M20), and these are whom others
coordinate with (groups of M19).  An idle colleague is paid, and needs no replacement, no training and no agreement for
what nobody asks.  Would idle heads count whole, more support or sales than there is work for would leave less for all
the others and serve each customer worse, against the law that more of a team saturates.

Neutral setting: ``capacity.shortness: 0``, and a team that nobody asks anything (its work is not stated): all heads.
"""

from flywheel_sim.engine.jit import inlined
from flywheel_sim.engine.kernel_types import Par, State, Tables

__all__ = ["at_work", "heads_at_work"]


@inlined
def at_work(par: Par, tables: Tables, state: State, run: int, k: int) -> float:
    """Share of a team's heads that is at work: what it has to do over that of the frozen base case, at most 1."""
    row = state.run[run].team0 + k
    demand, usual = state.demand[row], state.hours[row] * tables.team[par.size.team0 + k].load_reference
    if par.capacity.enabled and par.capacity.shortness > 0.0 and 0.0 < demand < usual:
        return demand / usual  # type: ignore[no-any-return]
    return 1.0


@inlined
def heads_at_work(par: Par, tables: Tables, state: State, run: int) -> float:
    """Sum the heads of all teams that are at work."""
    total = 0.0
    for k in range(par.size.teams):
        total += state.heads[state.run[run].team0 + k] * at_work(par, tables, state, run, k)
    return total
