"""The customers of a block side by side: what every one of them lives through, in passes of plain arithmetic.

A pass goes through all customers of a block with one step of their week, without a branch, so that the processor does
sixteen of them at a time; who meets with something rare (an issue, a renewal, a new voice) is marked, and the few
marked ones are looked at one by one in service.py and customers.py.  The passes follow the order of events:

    gather -> draw -> use (M3, M2) -> raise_issues (M8, M9) -> [service.py] -> feel (M2, M5, M7, M13) -> keep

Three tables have a column for each customer of the block, in the order of the accounts: ``num`` (real, :data:`NUM`),
``who`` (whole, :data:`WHO`) and ``lot`` (random words, :data:`LOT`).  All laws are those of the mechanisms' modules, in
the same arithmetic, so that it does not matter to a single bit who is looked at with whom.
"""

from collections import namedtuple
from typing import Any

from flywheel_sim.engine.bundle import names
from flywheel_sim.engine.fetch import fetch
from flywheel_sim.engine.jit import f32, f64, i64, law
from flywheel_sim.engine.maths import clip32, exp32, halved
from flywheel_sim.engine.mechanisms.m01_market import happens, voice_pull
from flywheel_sim.engine.mechanisms.m02_relationship import expected, felt, moved
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import fit_of
from flywheel_sim.engine.mechanisms.m07_expansion import expansion_rate
from flywheel_sim.engine.mechanisms.m13_sensing import promoter_shares
from flywheel_sim.engine.mechanisms.m22_loyalty import strongest_drive
from flywheel_sim.engine.random import CHANNEL, LIFE, POINTS, TOUCH, below, words
from flywheel_sim.engine.state import ADVOCATE, DETRACTOR

__all__ = ["LOT", "NUM", "WHO", "draw_lives", "feel", "gather", "keep", "raise_issues", "use"]

#: Rows of ``num``: memory; the effort of this week, mean number of issues; rates of a
#: better and of a worse voice, chance of either; shares of promoters and detractors in a survey.
NUM: Any = names(
    namedtuple(
        "NUM",
        (
            "relationship", "effort", "recent", "history", "fit", "shock", "mean", "rise", "fall", "turn",
            "promoter", "detractor",
        ),
    )(*range(12))
)  # fmt: skip
#: Rows of ``who``: place in the block; what it is; failed touches, whether anybody was in touch, and whether service,
#: expansion (perhaps) or a change of voice needs a look; and the columns of those whom service looks at.
WHO: Any = names(
    namedtuple(
        "WHO",
        ("place", "age", "segment", "status", "referred", "open", "failed", "contact", "busy", "expands", "turns",
         "marked"),
    )(*range(12))
)  # fmt: skip
#: Rows of ``lot``: the lanes of LIFE, then of the touchpoints, four at a time, of CHANNEL and of POINTS.
LOT: Any = names(
    namedtuple(
        "LOT",
        ("exit", "voice", "expand", "issues", "touch0", "touch1", "touch2", "touch3", "channel0", "channel1",
         "channel2", "channel3", "joins", "redeems", "points2", "points3"),
    )(*range(16))
)  # fmt: skip

_ZERO, _ONE = f32(0.0), f32(1.0)
_ONBOARDING, _USE = 2, 3
_ALWAYS = 1 << 30
_LANES = 16  # numbers of 32 bits that a processor takes at once, at most
_TO_UNIT = 2.3283064365386963e-10


@law
def draw(r: Any, row: int, t: int, block: int, k: int, count: int, who: Any, lot: Any, at: int) -> None:
    """Draw one block of decisions of all customers into four rows of ``lot`` from ``at`` on."""
    seed, replicate = r.seed, r.replicate
    for m in range(count):
        lot[at, m], lot[at + 1, m], lot[at + 2, m], lot[at + 3, m] = words(
            seed, replicate, row + who[WHO.place, m], t, block, k
        )


@law
def gather(p: Any, st: Any, t: int, first: int, count: int, num: Any, who: Any) -> int:
    """Take what is remembered of every customer; ``who[WHO.place]`` says where they are.

    Returns how wide the tables are: the customers, and so many of no segment, to whom nothing happens, that passes come
    out even.
    """
    wide = (count + _LANES - 1) // _LANES * _LANES
    for m in range(count, wide):
        who[WHO.place, m] = who[WHO.place, 0]
    starts, segments, statuses, opens = st.start, st.segment, st.status, st.open
    referrers, spells = st.referrer, st.spells
    relationships, efforts, recents, histories, fits = st.relationship, st.effort, st.recent, st.history, st.fit
    spends, revenues, deals, exposures, points, costs = st.spend, st.revenue, st.deal, st.exposure, st.points, st.cost
    closer = f32(p.word_of_mouth.referred_fit if p.word_of_mouth.enabled else 0.0)
    for m in range(wide):
        i = first + who[WHO.place, m]
        who[WHO.age, m] = t + 1 - i64(starts[i])
        who[WHO.segment, m] = segments[i]
        who[WHO.status, m] = statuses[i]
        who[WHO.open, m] = opens[i]
        referred = (referrers[i] != -1) & (spells[i] == 1)  # nobody refers who comes back
        who[WHO.referred, m] = referred
        num[NUM.relationship, m], num[NUM.effort, m] = relationships[i], efforts[i]
        num[NUM.recent, m], num[NUM.history, m] = recents[i], histories[i]
        num[NUM.fit, m] = fit_of(fits[i], referred, closer)
        # what customers.py will need of them: far apart in memory, so ask for it now
        fetch(spends, i), fetch(revenues, i), fetch(deals, i), fetch(exposures, i), fetch(points, i), fetch(costs, i)
    for m in range(wide):
        num[NUM.shock, m] = _ZERO
        who[WHO.failed, m] = who[WHO.contact, m] = who[WHO.busy, m] = 0
    for m in range(count, wide):
        who[WHO.segment, m] = -1
    return wide


@law
def draw_lives(p: Any, r: Any, now: Any, row: int, t: int, count: int, who: Any, lot: Any) -> None:
    """Draw the words that every customer needs; those of touchpoints are drawn in :func:`use`."""
    draw(r, row, t, LIFE, 0, count, who, lot, LOT.exit)
    if p.service.enabled and now.contained > _ZERO:
        draw(r, row, t, CHANNEL, 0, count, who, lot, LOT.channel0)
    if p.loyalty.enabled:
        draw(r, row, t, POINTS, 0, count, who, lot, LOT.joins)


@law
def use(
    p: Any, tb: Any, st: Any, r: Any, row: int, t: int, count: int, num: Any, who: Any, lot: Any, hits: Any,
    touched: Any,
) -> None:  # fmt: skip
    """M3, M2: touches at every touchpoint in use, how they go, and what is remembered of them."""
    size, rel = p.size, p.relationship
    learns, spill, adapt, norm = rel.enabled, f32(rel.spill_over), f32(rel.expectation_adaptation), f32(rel.market_norm)
    gain, loss = f32(rel.gain), f32(rel.gain * rel.asymmetry)
    recent_w, history_w = f32(rel.recent_weight), f32(rel.history_weight)
    for n in range(size.touchpoints):
        lane = n & 3
        if lane == 0:
            draw(r, row, t, TOUCH, n >> 2, count, who, lot, LOT.touch0)
        stage, chance = tb.touch[size.touch0 + n].stage, st.touch_p[r.success0 + n]
        oldest = _ALWAYS if stage == _USE else p.journey.onboarding_weeks
        if stage != _USE and stage != _ONBOARDING:
            for m in range(count):
                hits[n, m] = 0
            continue
        touches = failures = 0
        for s in range(size.segments):
            fails, cell = st.fail_p[r.success0 + n * size.segments + s], size.cell0 + n * size.segments + s
            gains, shock = gain * tb.cell[cell, 0], tb.cell[cell, 1]
            for m in range(count):
                word = lot[LOT.touch0 + lane, m]
                mine = who[WHO.segment, m] == s
                hit = mine & (who[WHO.age, m] <= oldest) & below(word, chance)
                failed = hit & below(word, fails)
                outcome = _ZERO if failed else _ONE
                recent, history = num[NUM.recent, m], num[NUM.history, m]
                relationship, effort = num[NUM.relationship, m], num[NUM.shock, m]
                learnt = hit & learns
                surprise = felt(outcome, recent, spill) - expected(norm, history, adapt)
                after = moved(relationship, surprise, gains, loss)
                num[NUM.relationship, m] = after if learnt else relationship
                num[NUM.recent, m] = recent + recent_w * (outcome - recent) if learnt else recent
                num[NUM.history, m] = history + history_w * (outcome - history) if learnt else history
                num[NUM.shock, m] = effort + shock if hit else effort
                who[WHO.failed, m] += failed
                who[WHO.contact, m] |= hit
                hits[n, m] = hit if mine else hits[n, m]
                touches += hit
                failures += failed
        touched[2 * n] += touches
        touched[2 * n + 1] += failures


@law
def raise_issues(p: Any, r: Any, now: Any, count: int, num: Any, who: Any, lot: Any) -> None:
    """M8, M9: the mean number of a customer's issues, and who has any, or solves one without help."""
    service = p.service
    rate, failure_demand = f32(service.issues * r.issue_factor), f32(service.failure_demand)
    fit_b, fit_mean, live, contained = f32(service.fit_effect), f32(p.market.fit_mean), now.live, now.contained
    for m in range(count):
        mean = rate * exp32(clip32(fit_b * (fit_mean - num[NUM.fit, m]), f32(3.0)))
        mean += failure_demand * f32(who[WHO.failed, m])
        num[NUM.mean, m] = mean
        none = f64(lot[LOT.issues, m]) * _TO_UNIT < f64(exp32(-(mean * live)))
        who[WHO.busy, m] = (who[WHO.open, m] > 0) | (not none)
    if contained > _ZERO:
        for m in range(count):
            none = f64(lot[LOT.channel0, m]) * _TO_UNIT < f64(exp32(-(num[NUM.mean, m] * contained)))
            who[WHO.busy, m] |= not none


@law
def feel(p: Any, now: Any, count: int, num: Any, who: Any, lot: Any) -> None:
    """M2, M5, M7, M13: memory fades; the rates of speaking better or worse, of buying more, and what a survey says."""
    rel, market, sensing = p.relationship, p.market, p.sensing
    keep_effort, leak = f32(halved(rel.effort_half_life_weeks)), f32(1.0 - rel.depreciation)
    r_ref, e_ref = f32(rel.relationship_reference), f32(rel.effort_reference)
    b_r, b_e = f32(market.voice.relationship_effect), f32(market.voice.effort_effect)
    to_adv, to_det = f32(market.voice.neutral_to_advocate), f32(market.voice.neutral_to_detractor)
    from_adv, from_det = f32(market.voice.advocate_to_neutral), f32(market.voice.detractor_to_neutral)
    base, effect, lives = now.expansion, f32(p.expansion.relationship_effect), market.enabled
    offered = p.expansion.enabled and base > _ZERO
    if rel.enabled:
        for m in range(count):
            relationship = num[NUM.relationship, m]
            num[NUM.relationship, m] = relationship if who[WHO.contact, m] != 0 else relationship * leak
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
    loyalty = p.loyalty
    most = strongest_drive(loyalty) if loyalty.enabled else _ONE
    for m in range(count):
        more = expansion_rate(base, effect, num[NUM.relationship, m], r_ref) * most
        who[WHO.expands, m] = offered & below(lot[LOT.expand, m], happens(more))
    if p.measures.enabled:
        for m in range(count):
            num[NUM.promoter, m], num[NUM.detractor, m] = promoter_shares(num[NUM.relationship, m], sensing)


@law
def keep(st: Any, first: int, count: int, num: Any, who: Any) -> None:
    """Write down what is remembered of every customer."""
    relationships, efforts, recents, histories = st.relationship, st.effort, st.recent, st.history
    for m in range(count):
        i = first + who[WHO.place, m]
        relationships[i], efforts[i] = num[NUM.relationship, m], num[NUM.effort, m]
        recents[i], histories[i] = num[NUM.recent, m], num[NUM.history, m]
