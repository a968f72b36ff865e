"""The customers of a block side by side: what every one of them lives through, in passes of plain arithmetic.

A pass goes through all customers of a block with one step of their week, without a branch, so that the processor does
sixteen of them at a time; who meets with something rare (an issue, a renewal, a new voice) is marked, and the few
marked ones are looked at one by one in service.py and customers.py.  The passes follow the order of events:

    gather -> draw -> use (M3, M2) -> raise_issues (M8, M9) -> [service.py] -> feel (M2, M5, M7, M13) -> keep

Three tables have a column for each customer of the block, in the order of the accounts: ``num`` (real, :data:`NUM`),
``who`` (whole, :data:`WHO`) and ``lot`` (random words, :data:`LOT`).  All laws are those of the mechanisms' modules, in
the same arithmetic, so that it does not matter to a single bit who is looked at with whom.
"""

from typing import Any

from flywheel_sim.engine.customer_tables import LANES, LOT, NUM, WHO
from flywheel_sim.engine.jit import f32, f64, i64, inlined
from flywheel_sim.engine.kernel_types import Firm, Now, Par, State, Tables
from flywheel_sim.engine.mechanisms.m01_market import voice_pull
from flywheel_sim.engine.mechanisms.m02_relationship import LAW, annoyed, live_through, memory_of
from flywheel_sim.engine.mechanisms.m03_journey import STAGE
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import fit_at_reference, fit_of
from flywheel_sim.engine.mechanisms.m07_expansion import expansion_rate
from flywheel_sim.engine.mechanisms.m13_sensing import promoter_shares
from flywheel_sim.engine.mechanisms.m22_loyalty import strongest_drive
from flywheel_sim.engine.portable_math import CLIP, clip32, exp32, halved, happens
from flywheel_sim.engine.prefetch import prefetch
from flywheel_sim.engine.random import CHANNEL, LIFE, POINTS, TOUCH, below, words
from flywheel_sim.engine.state import ADVOCATE, DETRACTOR

__all__ = ["draw_lives", "feel", "gather", "keep", "press", "raise_issues", "use"]

_ZERO, _ONE = f32(0.0), f32(1.0)
_ALWAYS = 1 << 30
_TO_UNIT = 2.3283064365386963e-10


@inlined
def draw(r: Any, row: int, t: int, block: int, k: int, count: int, who: Any, lot: Any, at: int) -> None:
    """Draw one block of decisions of all customers into four rows of ``lot`` from ``at`` on."""
    seed, replicate = r.seed, r.replicate
    for m in range(count):
        lot[at, m], lot[at + 1, m], lot[at + 2, m], lot[at + 3, m] = words(
            seed, replicate, row + who[WHO.place, m], t, block, k
        )


@inlined
def gather(par: Par, state: State, week: int, first: int, count: int, num: Any, who: Any) -> int:
    """Take what is remembered of every customer; ``who[WHO.place]`` says where they are.

    Returns how wide the tables are: the customers, and so many of no segment, to whom nothing happens, that passes come
    out even.
    """
    wide = (count + LANES - 1) // LANES * LANES
    for m in range(count, wide):
        who[WHO.place, m] = who[WHO.place, 0]
    starts, segments, statuses, opens = state.start, state.segment, state.status, state.open
    referrers, spells = state.referrer, state.spells
    relationships, efforts, recents, histories, fits = (
        state.relationship,
        state.effort,
        state.recent,
        state.history,
        state.fit,
    )
    spends, revenues, deals, exposures, points, costs = (
        state.spend,
        state.revenue,
        state.deal,
        state.exposure,
        state.points,
        state.cost,
    )
    closer = f32(par.word_of_mouth.referred_fit if par.word_of_mouth.enabled else 0.0)
    for m in range(wide):
        i = first + who[WHO.place, m]
        who[WHO.age, m] = week + 1 - i64(starts[i])
        who[WHO.segment, m] = segments[i]
        who[WHO.status, m] = statuses[i]
        who[WHO.open, m] = opens[i]
        referred = (referrers[i] != -1) & (spells[i] == 1)  # nobody refers who comes back
        who[WHO.referred, m] = referred
        num[NUM.relationship, m], num[NUM.effort, m] = relationships[i], efforts[i]
        num[NUM.recent, m], num[NUM.history, m] = recents[i], histories[i]
        num[NUM.fit, m] = fit_of(fits[i], referred, closer)
        # what customers.py will need of them: far apart in memory, so ask for it now
        prefetch(spends, i), prefetch(revenues, i), prefetch(deals, i)
        prefetch(exposures, i), prefetch(points, i), prefetch(costs, i)
    for m in range(wide):
        num[NUM.shock, m] = _ZERO
        who[WHO.failed, m] = who[WHO.contact, m] = who[WHO.busy, m] = 0
    for m in range(count, wide):
        who[WHO.segment, m] = -1
    return wide


@inlined
def draw_lives(par: Par, firm: Firm, now: Now, row: int, week: int, count: int, who: Any, lot: Any) -> None:
    """Draw the words that every customer needs; those of touchpoints are drawn in :func:`use`."""
    draw(firm, row, week, LIFE, 0, count, who, lot, LOT.exit)
    if par.service.enabled and now.contained > _ZERO:
        draw(firm, row, week, CHANNEL, 0, count, who, lot, LOT.channel0)
    if par.loyalty.enabled:
        draw(firm, row, week, POINTS, 0, count, who, lot, LOT.joins)


@inlined
def use(
    par: Par,
    tables: Tables,
    state: State,
    firm: Firm,
    row: int,
    week: int,
    count: int,
    num: Any,
    who: Any,
    lot: Any,
    hits: Any,
    touched: Any,
) -> None:
    """M3, M2: touches at every touchpoint in use, how they go, and what is remembered of them."""
    size, learns, memory = par.size, par.relationship.enabled, memory_of(par)
    for n in range(size.touchpoints):
        lane = n & 3
        if lane == 0:
            draw(firm, row, week, TOUCH, n >> 2, count, who, lot, LOT.touch0)
        stage = tables.touch[size.touch0 + n].stage
        oldest = _ALWAYS if stage == STAGE.use else par.journey.onboarding_weeks
        if stage != STAGE.use and stage != STAGE.onboarding:
            for m in range(count):
                hits[n, m] = 0
            continue
        touches = failures = 0
        for s in range(size.segments):
            fails, cell = state.fail_p[firm.success0 + n * size.segments + s], size.cell0 + n * size.segments + s
            chance = state.touch_p[firm.success0 + n * size.segments + s]
            better, shock, depth = tables.cell[cell, 0], tables.cell[cell, 1], tables.cell[cell, 3]
            for m in range(count):
                word = lot[LOT.touch0 + lane, m]
                mine = who[WHO.segment, m] == s
                hit = mine & (who[WHO.age, m] <= oldest) & below(word, chance)
                failed = hit & below(word, fails)
                outcome = _ZERO if failed else _ONE
                recent, history = num[NUM.recent, m], num[NUM.history, m]
                relationship, effort = num[NUM.relationship, m], num[NUM.shock, m]
                learnt = hit & learns
                after = live_through(relationship, recent, history, outcome, better, _ONE, depth, memory)
                num[NUM.relationship, m] = after[0] if learnt else relationship
                num[NUM.recent, m] = after[1] if learnt else recent
                num[NUM.history, m] = after[2] if learnt else history
                num[NUM.shock, m] = effort + shock if hit else effort
                who[WHO.failed, m] += failed
                who[WHO.contact, m] |= hit
                hits[n, m] = hit if mine else hits[n, m]
                touches += hit
                failures += failed
        touched[2 * n] += touches
        touched[2 * n + 1] += failures


@inlined
def press(par: Par, tables: Tables, state: State, first: int, count: int, num: Any, who: Any, hits: Any) -> None:
    """M2: remember the touches in use, and what there is of them beyond what is wanted as effort."""
    size, relationship, pressed = par.size, par.relationship, state.pressed
    kept, annoyance = f32(halved(relationship.contact_half_life_weeks)), f32(relationship.annoyance)
    wanted = f32(relationship.contacts_wanted)
    for m in range(count):
        i = first + who[WHO.place, m]
        touches = _ZERO
        for n in range(size.touchpoints):
            if tables.touch[size.touch0 + n].stage == STAGE.use and hits[n, m] != 0:
                touches += tables.cell[size.cell0 + n * size.segments + who[WHO.segment, m], 3]
        pressed[i] = pressed[i] * kept + touches
        num[NUM.shock, m] += annoyed(pressed[i], kept, wanted * state.wanted[i], annoyance)


@inlined
def own_issues(par: Par, state: State, first: int, count: int, num: Any, who: Any) -> None:
    """M8: what a customer's own needs and what it has bought make of the rate of issues: 1 where all are alike."""
    uneven, work = par.service.issue_spread > 0.0, f32(par.service.product_work)
    for m in range(count):
        num[NUM.mean, m] = _ONE
    if uneven or work > _ZERO:
        for m in range(count):
            i = first + who[WHO.place, m]
            num[NUM.mean, m] = state.issues[i] * (_ONE + work * f32(state.bought[i]))


@inlined
def raise_issues(
    par: Par, state: State, firm: Firm, now: Now, first: int, count: int, num: Any, who: Any, lot: Any
) -> None:
    """M8, M9: the mean number of a customer's issues, and who has any, or solves one without help."""
    service = par.service
    rate, failure_demand = f32(service.issues * firm.issue_factor), f32(service.failure_demand)
    own_issues(par, state, first, count, num, who)
    fit_b, fit_ref, live, contained = f32(service.fit_effect), f32(fit_at_reference(par)), now.live, now.contained
    for m in range(count):
        mean = rate * exp32(clip32(fit_b * (fit_ref - num[NUM.fit, m]), CLIP)) * num[NUM.mean, m]
        mean += failure_demand * f32(who[WHO.failed, m])
        num[NUM.mean, m] = mean
        none = f64(lot[LOT.issues, m]) * _TO_UNIT < f64(exp32(-(mean * live)))
        who[WHO.busy, m] = (who[WHO.open, m] > 0) | (not none)
    if contained > _ZERO:
        for m in range(count):
            none = f64(lot[LOT.channel0, m]) * _TO_UNIT < f64(exp32(-(num[NUM.mean, m] * contained)))
            who[WHO.busy, m] |= not none


@inlined
def feel(par: Par, now: Now, count: int, num: Any, who: Any, lot: Any) -> None:
    """M2, M5, M7, M13: memory fades; the rates of speaking better or worse, of buying more, and what a survey says."""
    rel, market, sensing = par.relationship, par.market, par.sensing
    keep_effort, leak = f32(halved(rel.effort_half_life_weeks)), f32(1.0 - rel.depreciation)
    r_ref, e_ref = f32(rel.relationship_reference), f32(rel.effort_reference)
    b_r, b_e = f32(market.voice.relationship_effect), f32(market.voice.effort_effect)
    to_adv, to_det = f32(market.voice.neutral_to_advocate), f32(market.voice.neutral_to_detractor)
    from_adv, from_det = f32(market.voice.advocate_to_neutral), f32(market.voice.detractor_to_neutral)
    base, effect, lives = now.expansion, f32(par.expansion.relationship_effect), market.enabled
    offered = par.expansion.enabled and base > _ZERO
    if rel.enabled:
        always = rel.law == LAW.asset
        for m in range(count):
            relationship = num[NUM.relationship, m]
            kept = (who[WHO.contact, m] != 0) & (not always)
            num[NUM.relationship, m] = relationship if kept else relationship * leak
            num[NUM.effort, m] = num[NUM.effort, m] * keep_effort + num[NUM.shock, m]
    for m in range(count):
        status = who[WHO.status, m]
        pull = voice_pull(num[NUM.relationship, m], num[NUM.effort, m], r_ref, e_ref, b_r, b_e)
        up, down = exp32(pull), exp32(-pull)
        rise = _ZERO if status == ADVOCATE else (from_det if status == DETRACTOR else to_adv) * up
        fall = _ZERO if status == DETRACTOR else (from_adv if status == ADVOCATE else to_det) * down
        turn = happens(rise + fall if lives else _ZERO)
        num[NUM.rise, m], num[NUM.fall, m], num[NUM.turn, m] = rise, fall, turn
        who[WHO.turns, m] = below(lot[LOT.voice, m], turn)
    loyalty = par.loyalty
    most = strongest_drive(loyalty) if loyalty.enabled else _ONE
    for m in range(count):
        more = expansion_rate(base, effect, num[NUM.relationship, m], r_ref) * most
        who[WHO.expands, m] = offered & below(lot[LOT.expand, m], happens(more))
    if par.measures.enabled:
        for m in range(count):
            num[NUM.promoter, m], num[NUM.detractor, m] = promoter_shares(num[NUM.relationship, m], sensing)


@inlined
def keep(state: State, first: int, count: int, num: Any, who: Any) -> None:
    """Write down what is remembered of every customer."""
    relationships, efforts, recents, histories = state.relationship, state.effort, state.recent, state.history
    for m in range(count):
        i = first + who[WHO.place, m]
        relationships[i], efforts[i] = num[NUM.relationship, m], num[NUM.effort, m]
        recents[i], histories[i] = num[NUM.recent, m], num[NUM.history, m]
