"""The order of events in a week, and nothing else.

==  =======================  =========================================================
 1  calendar                 epoch of the week; pulses of customers           m25
 2  leadership, culture      who leads and to what effect; decay, building    m21, m20
 3  technology, sensing      routes of issues, needs drift, map is redrawn    m09, m13
 4  strategy                 leadership's target; change unsettles teams      m15
 5  incentives               effort, gaming                                   m12
 6  team directions          hours together, fields, coupling, noise          m16, m11
 7  meetings                 those who meet turn each other                   m17
 8  scores                   last week's survey is read, reviewed, chased     m14, m17
 9  capacity                 hours, magnitudes, overload                      m19
10  root causes              symptoms take hours, the rest fixes              m10
11  touchpoints, handoffs    success of every touch, friction                 m03, m04
12  the market opens         chances of the week                              m01
13  customers                leads, sales, use, service, renewal, voice       customers.py: m01, m02, m05-m08
14  service queue            who is served next week                          m08
15  measures, ledger         scores, money; who owes too much is ruined       m24, m23
16  publication              new voices are heard; a ruined company closes    m05, m23
==  =======================  =========================================================

Words that every kernel uses:

===========  ===============================================================================================
``par``      the scenario as it stands this week, one part a block: ``par.causes.growth``
``tables``   rows of everything that has a name; ``par.size.team0`` is the first row of this scenario's teams
``state``    everything that changes, the arrays of all runs end to end; ``firm.team0`` is a run's first row
``run``      number of the run within the batch
``week``     number of the week, from 0
``firm``     ``state.run[run]``: the company of that run, its scalars and where its rows start
``now``      ``state.now[run]``: what its customers see this week
``sums``     sums over the customers of a block; ``total`` over those of a run
===========  ===============================================================================================

:func:`advance` is the one entry of the engine: run, step, batch, fork and resume are this call.  Steps 1-12 and 14-16
of a run are serial; step 13 goes block by block, so a large run calls the three phases apart and shares out the blocks.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.customers import customers_block
from flywheel_sim.engine.jit import kernel, spliced
from flywheel_sim.engine.kernel_types import Epochs, Par, State, Tables
from flywheel_sim.engine.levers import reset_levers
from flywheel_sim.engine.mechanisms.m01_market import open_market
from flywheel_sim.engine.mechanisms.m03_journey import touch_success
from flywheel_sim.engine.mechanisms.m04_handoffs import EVENTS, handoff_survival
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import count_voices, recount_voices
from flywheel_sim.engine.mechanisms.m08_service import close_queue, write_service
from flywheel_sim.engine.mechanisms.m09_channels import serve_channels
from flywheel_sim.engine.mechanisms.m10_causes import step_causes
from flywheel_sim.engine.mechanisms.m11_vectors import observe_alignment, step_directions
from flywheel_sim.engine.mechanisms.m12_incentives import effort
from flywheel_sim.engine.mechanisms.m13_closed_loop import call_hours, ready_to_call
from flywheel_sim.engine.mechanisms.m13_sensing import change_needs, company_need, refresh_belief, step_needs
from flywheel_sim.engine.mechanisms.m14_reactions import react
from flywheel_sim.engine.mechanisms.m15_strategy import aim, learn
from flywheel_sim.engine.mechanisms.m16_decisions import count_handoffs, decide, work_together
from flywheel_sim.engine.mechanisms.m17_cadence import hold_meeting
from flywheel_sim.engine.mechanisms.m18_blockers import step_blockers
from flywheel_sim.engine.mechanisms.m19_capacity import allot_hours, staff, volumes
from flywheel_sim.engine.mechanisms.m20_culture import step_culture
from flywheel_sim.engine.mechanisms.m21_leadership import step_leadership
from flywheel_sim.engine.mechanisms.m23_ledger import allocate_pay, post
from flywheel_sim.engine.mechanisms.m23_ruin import close_company, stay_closed
from flywheel_sim.engine.mechanisms.m24_measures import check_week, read_week
from flywheel_sim.engine.mechanisms.m25_timeline import growth_rate, pulse
from flywheel_sim.engine.mechanisms.m26_ideas import step_product
from flywheel_sim.engine.mechanisms.m27_selling import step_selling
from flywheel_sim.engine.network import NETWORK
from flywheel_sim.engine.records import last_row, publish, sum_blocks, write_teams
from flywheel_sim.engine.state import ACC
from flywheel_sim.engine.traits import change_traits
from flywheel_sim.engine.upkeep import keep_up

__all__ = ["ALL", "CLOSING", "CUSTOMERS", "OPENING", "advance"]

ALL, OPENING, CUSTOMERS, CLOSING = 0, 1, 2, 3


@spliced
def opening(epochs: Epochs, par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Steps 1-12: what the company does before customers live through the week."""
    firm = state.run[run]
    if firm.epoch != par.size.epoch:
        if firm.epoch >= 0:
            before = epochs[firm.epoch].size
            change_traits(tables, state, run, before.trait0, par.size.trait0)
        if par.market.network.kind != NETWORK.complete:
            recount_voices(par, state, run)
        if firm.epoch >= 0:
            before = epochs[firm.epoch].size
            change_needs(tables, state, run, par.size.segments, par.size.axes, before.segment0, par.size.segment0)
        firm.epoch = par.size.epoch
    reset_levers(par, state, run)
    pulse(par, tables, state, run, week)
    count_voices(par, state, run)
    step_leadership(par, tables, state, run, week)
    step_culture(par, tables, state, run, week)
    serve_channels(par, tables, state, run)
    step_needs(par, tables, state, run, week)
    company_need(par, tables, state, run)
    refresh_belief(par, tables, state, run, week)
    aim(par, tables, state, run, week)
    learn(par, tables, state, run, week)
    effort(par, tables, state, run, week)
    keep_up(par, tables, state, run)
    work_together(par, tables, state, run, week)
    step_directions(par, tables, state, run, week, growth_rate(par, state, run, week))
    hold_meeting(par, tables, state, run, week)
    react(par, tables, state, run, week)
    decide(par, tables, state, run, week)
    step_blockers(par, tables, state, run, week)
    staff(par, tables, state, run, week)
    allot_hours(par, tables, state, run, week)
    observe_alignment(par, tables, state, run, state.weekly[firm.week0 + week])
    step_causes(par, tables, state, run, week)
    step_product(par, tables, state, run, week)
    touch_success(par, tables, state, run)
    ready_to_call(par, tables, state, run)
    step_selling(par, tables, state, run, week)
    survival = np.ones(EVENTS)
    handoff_survival(par, tables, state, run, week, survival)
    open_market(par, tables, state, run, week, survival)


@spliced
def closing(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Steps 14-16: the queue, the books, and what the world will see next week."""
    total = np.zeros(state.acc.shape[1])
    sum_blocks(state, run, total)
    last, row = last_row(state, run, week), state.weekly[state.run[run].week0 + week]
    close_queue(par, tables, state, run, week, total)
    write_service(state, run, week)
    volumes(par, tables, state, run, total)
    count_handoffs(par, tables, state, run, total)
    if total[ACC.called_back] > 0.0:
        call_hours(par, tables, state, run, total[ACC.called_back])
    read_week(par, state, run, week, total, last, row)
    post(par, tables, state, run, week, total, last, row)
    allocate_pay(par, tables, state, run)
    write_teams(par, state, run, week)
    publish(par, state, run, week)
    if state.run[run].ruined > 0:
        close_company(par, state, run, week, row)
    if par.measures.debug:
        check_week(par, state, run, last, row)


@spliced
def closed(par: Par, state: State, run: int, week: int) -> None:
    """Write a week after the end of a company that has failed (M23): none of the steps happens."""
    stay_closed(state, run, state.weekly[state.run[run].week0 + week])
    write_teams(par, state, run, week)


@kernel
def advance(
    epochs: Epochs,
    tables: Tables,
    calendar: Any,
    state: State,
    week0: int,
    week1: int,
    run0: int,
    run1: int,
    phase: int,
    block0: int,
    block1: int,
) -> None:
    """Step runs run0..run1 through weeks week0..week1; ``calendar`` says by scenario and week which epoch it is.

    ``phase`` ALL does whole weeks; OPENING, CUSTOMERS (blocks block0..block1 of the run) and CLOSING do a part of one
    week, for runs that are shared out over threads.
    """
    for run in range(run0, run1):
        firm = state.run[run]
        for week in range(week0, week1):
            if week >= calendar.shape[1]:
                break
            par = epochs[calendar[firm.scenario, week]]
            if week >= par.size.horizon:
                break
            if firm.ruined > 0 and week >= firm.ruined:
                if phase == ALL or phase == CLOSING:
                    closed(par, state, run, week)
                continue
            if phase == ALL or phase == OPENING:
                opening(epochs, par, tables, state, run, week)
            if phase == ALL or phase == CUSTOMERS:
                first, last = (0, firm.blocks) if phase == ALL else (block0, block1)
                for block in range(firm.block0 + first, firm.block0 + last):
                    customers_block(par, tables, state, run, week, block)
            if phase == ALL or phase == CLOSING:
                closing(par, tables, state, run, week)
