r"""M5 Word of mouth.

Prospect i hears good voices at rate w sum_j c(voice_j) s_ij, with c the weight of a voice and

    per_prospect  s_ij = 1/k_i     (w is Bass's q; A1, A2)
    per_speaker   s_ij = 1/k_j     (w is the new customers one voice brings at S/N = 1; A23)
    per_tie       s_ij = -ln(1 - beta_ij), w = 1     (A11)
    per_friend    s_ij = 1/<k>     (<k> the mean number of friends: each friend hears as much, whoever has more friends
                                   brings more, and w is what one voice brings on average).

**People differ in how much they talk.**  Every voice, good or bad, is t_j times as loud, t_j lognormal with mean 1 and
log-standard deviation ``talk_spread``, for life: a constant in A1, A2, A11 and A23.  Among speakers the top share x of
talkers then is heard for Phi(sigma - Phi^-1(1 - x)) of all that is said (S9: 8-10 % for about a quarter to a half,
sigma .6 to 1.4; S10).  Talk moves who brings whom and makes no demand: the mean voice is 1 whatever the spread.

Under per_tie a share of the ties is strong (beta_s), the rest weak (beta_w); which, is keyed luck of the two
accounts, so a tie keeps its label and nothing is stored.  With j weak and m strong ties to voices of weight 1 and an
external rate -ln(1 - alpha),

    P(informed) = 1 - (1 - alpha)(1 - beta_w)^j (1 - beta_s)^m.

Weak ties are ``fixed``, or ``redrawn``: each leads to any other account of the market, another one every week.

On the complete graph k = N - 1, self excluded, and sums come from counts; elsewhere every account carries the sum of
the voices of its friends, changed only when a voice changes.  Those sums are integers in units of 2^-unit, so that they
are exact whatever the order of the changes.

External and word-of-mouth hazard share one draw; then the source is chosen in proportion to hazard, then the referrer
in proportion to c(voice_j) s_ij.  Every referred sale has exactly one referrer; of a lead that comes to nothing
nobody asks who sent it.  A bad voice (a detractor, or a former customer who left angry, fading with a half-life) keeps
a prospect away for H weeks, at rate chi w (S6); H beyond the longest run, 5200, is for good (A12).

**Leaving is heard of, too** (S3).  When a customer leaves of its own will, the exposure x of each of its friends who
is a customer rises by one; x halves every ``contagion_half_life_weeks``.  Being tied to whom one talked into it keeps
a customer (A8, S7), and having talked somebody into it does so too (S8): the log-factor of voluntary churn, under
``churn.by: voice`` as well, is added

    ln(contagion) x  +  ln(referred_churn) [the referrer is a customer]  +  ln(referrer_churn) [won one in 52 weeks],

as published last week, and clipped with everything else to +-3.  On the complete graph nobody has a friend, so that
nobody is exposed.  A referred customer's fit is f + ``referred_fit`` (1 - f) wherever fit is read.  In the a-th week
after the sale a referred customer saves, per dollar of revenue, the share

    min(m (1 - c), c) max(0, 1 - (a - 1)/52),

m the margin premium and c the cost of revenue: its margin is m higher at first, and like everybody's after a year.

Neutral setting: ``enabled: false``: nobody is heard.  C33 vanishes at rate = 0, under per_tie at strong = weak = 0;
contagion, referred_churn and referrer_churn are off at 1, referred_fit and referred_margin at 0.  ``talk_spread: 0``:
everybody talks alike, t = 1; on a network where all have as many friends per_friend is per_speaker to the bit.
"""

from typing import Any, NamedTuple

import numpy as np

from flywheel_sim.engine.choices import codes
from flywheel_sim.engine.jit import f32, f64, i64, inlined, step
from flywheel_sim.engine.kernel_types import Firm, Par, Rates, State, Sums
from flywheel_sim.engine.network import NETWORK
from flywheel_sim.engine.portable_math import YEAR, log64
from flywheel_sim.engine.prefetch import prefetch
from flywheel_sim.engine.random import STRANGER, TIE, below, unit64, words
from flywheel_sim.engine.state import ACC, ADVOCATE, BLOCK, DETRACTOR, NEUTRAL, PROSPECT, SOUR
from flywheel_sim.scenario.blocks.m05_word_of_mouth import WordOfMouth

__all__ = [
    "NORMALISE",
    "WEAK_TIES",
    "Hearing",
    "bad_weight",
    "count_voices",
    "exposure_fades",
    "fit_at_reference",
    "fit_of",
    "good_weight",
    "hearing_of",
    "hears",
    "is_strong",
    "leaving_seen",
    "pick_friend",
    "pick_referrer",
    "pick_stranger",
    "pick_tie",
    "premium_left",
    "recount_voices",
    "redrawn_voices",
    "social_factor",
    "tie_strength",
    "voice_changed",
    "voice_unit",
]

NORMALISE = codes(WordOfMouth, "normalise")
WEAK_TIES = codes(WordOfMouth, "weak_ties")

_ZERO = f32(0.0)
_FAINT = f32(1e-6)  # an exposure below this is forgotten


@inlined
def good_weight(status: int, wom: Any) -> float:
    """c(voice): weight of a good word from an account of this status."""
    if status == ADVOCATE:
        return wom.advocate
    if status == NEUTRAL:
        return wom.neutral
    if status == DETRACTOR:
        return wom.detractor
    return 0.0


@inlined
def bad_weight(status: int) -> float:
    """Weight of a bad word from an account of this status."""
    return 1.0 if status == DETRACTOR or status == SOUR else 0.0


@inlined
def fit_of(fit: np.float32, referred: bool, closer: np.float32) -> np.float32:
    """Fit to the product, of a referred account a share of the missing part higher."""
    return fit + closer * (f32(1.0) - fit) if referred else fit


@inlined
def fit_at_reference(par: Par) -> float:
    """Fit against which churn and issues are stated: that of the frozen base case, or the market's own mean."""
    market = par.market
    return market.fit_reference if market.fit_reference > 0.0 else market.fit_mean  # type: ignore[no-any-return]


@inlined
def premium_left(age: int) -> float:
    """Share of a referred customer's margin premium that is left in its age-th week: 1 in the first, 0 after a year."""
    return max(0.0, (53 - age) / 52.0)


class Hearing(NamedTuple):
    """How the accounts of one run hear of the company this week."""

    complete: bool  # everybody hears everybody
    enabled: bool
    heeds_bad: bool
    per_prospect: bool
    per_tie: bool
    redrawn: bool  # weak ties lead elsewhere every week
    all_good: np.float32  # voices on the complete graph
    all_bad: np.float32
    unit: np.float32  # of the voices an account hears from its friends; 0 where it has none
    bad_rate: np.float32  # of a bad message, a bad voice


@inlined
def hearing_of(par: Par, firm: Firm) -> Hearing:
    """Work out the constants of hearing."""
    word_of_mouth, complete = par.word_of_mouth, par.market.network.kind == NETWORK.complete
    enabled, per_tie = word_of_mouth.enabled != 0, word_of_mouth.normalise == NORMALISE.per_tie
    all_good, all_bad = _ZERO, _ZERO
    if complete and firm.accounts > 1:
        all_good = f32(firm.good_voices / (firm.accounts - 1))
        all_bad = f32(firm.bad_voices / (firm.accounts - 1))
    return Hearing(
        complete,
        enabled,
        enabled and word_of_mouth.negative > 0.0,
        word_of_mouth.normalise == NORMALISE.per_prospect,
        per_tie,
        enabled and per_tie and word_of_mouth.weak_ties == WEAK_TIES.redrawn,
        all_good,
        all_bad,
        f32(1.0 / (1 << firm.unit)) if not complete and enabled else _ZERO,
        f32(word_of_mouth.negative * (1.0 if per_tie else word_of_mouth.rate)),
    )


@inlined
def hears(par: Par, state: State, firm: Firm, week: int, i: int, hearing: Hearing) -> tuple[np.float32, np.float32]:
    """Return the good and the bad voices that account i (row in the batch) hears."""
    j = i - firm.account0
    good, bad = hearing.all_good, hearing.all_bad
    if not hearing.complete and hearing.enabled:
        good, bad = f32(state.good[i]) * hearing.unit, f32(state.bad[i]) * hearing.unit
        if hearing.per_prospect and good + bad > _ZERO:
            k = f32(state.edge[firm.edge0 + j + 1] - state.edge[firm.edge0 + j])
            good, bad = good / k, bad / k
        if hearing.redrawn:
            more_good, more_bad = redrawn_voices(
                par.word_of_mouth, state.edge, state.friend, state.status, state.talk, firm.edge0, firm.account0,
                firm.accounts, firm.seed, firm.replicate, week, j,
            )  # fmt: skip
            good, bad = good + f32(more_good), bad + f32(more_bad)
    return good, bad


@inlined
def social_factor(
    par: Par, state: State, firm: Firm, week: int, i: int, referred: bool, member: bool, rates: Rates
) -> np.float32:
    """Return the log-factor of friends who left, of having been brought, of having brought somebody, of membership."""
    social = -rates.identity if member else _ZERO
    if rates.contagious:
        social += rates.contagion * state.exposure[i]
    if (
        rates.with_referrer != _ZERO
        and referred
        and state.referrer[i] >= 0
        and NEUTRAL <= state.status[firm.account0 + state.referrer[i]] <= DETRACTOR
    ):
        social += rates.with_referrer
    if rates.after_referral != _ZERO and state.thanked[i] > 0 and week + 1 - state.thanked[i] <= YEAR:
        social += rates.after_referral
    return social


@inlined
def exposure_fades(state: State, i: int, stays: bool, rates: Rates, sums: Sums) -> None:
    """Let what was seen of friends leaving be forgotten."""
    if rates.contagious and state.exposure[i] > _ZERO:
        sums[ACC.exposure] += state.exposure[i] if stays else _ZERO
        state.exposure[i] *= rates.kept_exposure if state.exposure[i] > _FAINT else _ZERO


@inlined
def leaving_seen(status_next: Any, exposure: Any, edge: Any, friend: Any, edge0: int, account0: int, j: int) -> None:
    """Tell those friends of account j (row in the run) who are customers that it left."""
    for e in range(edge[edge0 + j], edge[edge0 + j + 1]):
        i = account0 + friend[e]
        if NEUTRAL <= status_next[i] <= DETRACTOR:
            exposure[i] += f32(1.0)


@inlined
def voice_unit(degree: int, heaviest: float) -> int:
    """Binary digits after the point of the voices an account hears, so that their sum fits 31 bits."""
    unit = 20
    while unit > 0 and degree * max(heaviest, 1.0) * (1 << unit) >= 2147483648.0:
        unit -= 1
    return unit


@inlined
def in_units(weight: float, share: float, unit: int) -> int:
    """A voice as an integer number of units of 2^-unit."""
    return i64(np.floor(weight * share * (1 << unit) + 0.5))


@inlined
def is_strong(seed: np.uint32, replicate: np.uint32, i: int, j: int, share: float) -> bool:
    """Whether the tie between accounts i and j is a strong one; the same seen from both ends."""
    return below(words(seed, replicate, min(i, j), max(i, j), TIE, 0)[0], f32(share))


@inlined
def tie_strength(beta: float) -> float:
    """s: hazard of a voice of weight 1 through a tie that transmits with this chance a week."""
    return -log64(1.0 - beta)


@inlined
def stranger_met(seed: np.uint32, replicate: np.uint32, j: int, t: int, tie: int, accounts: int) -> int:
    """Account that a redrawn weak tie of account j leads to this week: any other one."""
    w = words(seed, replicate, j, t, STRANGER, tie >> 2)
    lane = tie & 3
    word = w[0] if lane == 0 else (w[1] if lane == 1 else (w[2] if lane == 2 else w[3]))
    other = i64(unit64(word) * (accounts - 1))
    return other + 1 if other >= j else other


@step
def redrawn_voices(
    wom: Any,
    edge: Any,
    friend: Any,
    status: Any,
    talk: Any,
    edge0: int,
    account0: int,
    accounts: int,
    seed: np.uint32,
    replicate: np.uint32,
    t: int,
    j: int,
) -> tuple[float, float]:
    """Return the good and the bad voices that account j hears in week t through its weak ties, which are drawn anew."""
    first, last = edge[edge0 + j], edge[edge0 + j + 1]
    good, bad, strength = 0.0, 0.0, tie_strength(wom.weak)
    for e in range(first, last):
        if not is_strong(seed, replicate, j, friend[e], wom.strong_share):
            met = account0 + stranger_met(seed, replicate, j, t, e - first, accounts)
            other, loud = i64(status[met]), f64(talk[met])
            good += good_weight(other, wom) * strength * loud
            bad += bad_weight(other) * strength * loud
    return good, bad


@step
def pick_tie(
    wom: Any,
    edge: Any,
    friend: Any,
    status: Any,
    talk: Any,
    edge0: int,
    account0: int,
    accounts: int,
    seed: np.uint32,
    replicate: np.uint32,
    t: int,
    j: int,
    u: float,
) -> int:
    """Referrer of account j under per_tie, in proportion to c(voice) s(tie); -2 if nobody speaks."""
    first, last = edge[edge0 + j], edge[edge0 + j + 1]
    strong_s, weak_s = tie_strength(wom.strong), tie_strength(wom.weak)
    total, mark, chosen = 0.0, 0.0, -2
    for turn in range(2):
        mark = u * total
        for e in range(first, last):
            strong = is_strong(seed, replicate, j, friend[e], wom.strong_share)
            other = i64(friend[e])
            if not strong and wom.weak_ties == WEAK_TIES.redrawn:
                other = stranger_met(seed, replicate, j, t, e - first, accounts)
            c = good_weight(i64(status[account0 + other]), wom) * (strong_s if strong else weak_s)
            c *= f64(talk[account0 + other])
            if turn == 0:
                total += c
            elif c > 0.0 and mark >= 0.0:
                chosen = other
                mark -= c
    return chosen


@inlined
def voice_changed(par: Par, state: State, run: int, j: int, old: int, new: int) -> None:
    """Tell the friends of account j (row in the run) that its status went from old to new."""
    firm, word_of_mouth = state.run[run], par.word_of_mouth
    good_old, good_new = good_weight(old, word_of_mouth), good_weight(new, word_of_mouth)
    bad_old, bad_new = bad_weight(old), bad_weight(new)
    if good_old == good_new and bad_old == bad_new:
        return
    loud = f64(state.talk[firm.account0 + j])
    good_old, good_new, bad_old, bad_new = good_old * loud, good_new * loud, bad_old * loud, bad_new * loud
    first, last = state.edge[firm.edge0 + j], state.edge[firm.edge0 + j + 1]
    if word_of_mouth.normalise == NORMALISE.per_tie:
        strong_s, weak_s = tie_strength(word_of_mouth.strong), tie_strength(word_of_mouth.weak)
        for e in range(first, last):
            strong = is_strong(firm.seed, firm.replicate, j, state.friend[e], word_of_mouth.strong_share)
            if strong or word_of_mouth.weak_ties == WEAK_TIES.fixed:
                s, i = strong_s if strong else weak_s, firm.account0 + state.friend[e]
                state.good[i] += np.int32(in_units(good_new, s, firm.unit) - in_units(good_old, s, firm.unit))
                state.bad[i] += np.int32(in_units(bad_new, s, firm.unit) - in_units(bad_old, s, firm.unit))
    else:
        share = 1.0 / max(last - first, 1) if word_of_mouth.normalise == NORMALISE.per_speaker else 1.0
        if word_of_mouth.normalise == NORMALISE.per_friend:
            friends = state.edge[firm.edge0 + firm.accounts] - state.edge[firm.edge0]
            share = min(1.0, firm.accounts / max(friends, 1))
        good = in_units(good_new, share, firm.unit) - in_units(good_old, share, firm.unit)
        bad = in_units(bad_new, share, firm.unit) - in_units(bad_old, share, firm.unit)
        friend, all_good, all_bad = state.friend, state.good, state.bad
        for e in range(first, last):
            prefetch(all_good, firm.account0 + friend[e])
            prefetch(all_bad, firm.account0 + friend[e])
        for e in range(first, last):
            i = firm.account0 + friend[e]
            all_good[i] += np.int32(good)
            all_bad[i] += np.int32(bad)


@step
def recount_voices(par: Par, state: State, run: int) -> None:
    """Count all voices afresh: at the start, and when the weights of voices change."""
    firm, word_of_mouth, degree = state.run[run], par.word_of_mouth, 1
    for j in range(firm.accounts):
        degree = max(degree, state.edge[firm.edge0 + j + 1] - state.edge[firm.edge0 + j])
    loudest = 0.0
    for i in range(firm.account0, firm.account0 + firm.accounts):
        loudest = max(loudest, f64(state.talk[i]))
    heaviest = max(word_of_mouth.advocate, word_of_mouth.neutral, word_of_mouth.detractor) * loudest
    firm.unit = voice_unit(degree, heaviest)
    if word_of_mouth.normalise == NORMALISE.per_tie:  # strengths are small numbers: as many digits as their sum leaves
        heaviest = max(heaviest, 1.0) * tie_strength(max(word_of_mouth.strong, word_of_mouth.weak))
        firm.unit = 28
        while firm.unit > 0 and degree * heaviest * (1 << firm.unit) >= 2147483648.0:
            firm.unit -= 1
    for i in range(firm.account0, firm.account0 + firm.accounts):
        state.good[i] = 0
        state.bad[i] = 0
    for j in range(firm.accounts):
        status = state.status[firm.account0 + j]
        if status != 0:
            voice_changed(par, state, run, j, i64(PROSPECT), i64(status))


@inlined
def pick_friend(
    wom: Any, edge: Any, friend: Any, status: Any, talk: Any, edge0: int, account0: int, i: int, u: float
) -> int:
    """Referrer of account i (row in the run) among its friends, in proportion to their voice; -2 if nobody speaks."""
    first, last = edge[edge0 + i], edge[edge0 + i + 1]
    per_speaker = wom.normalise == NORMALISE.per_speaker
    total = 0.0
    for e in range(first, last):
        j = friend[e]
        c = good_weight(i64(status[account0 + j]), wom) * f64(talk[account0 + j])
        if c > 0.0:
            total += c / (edge[edge0 + j + 1] - edge[edge0 + j]) if per_speaker else c
    mark = u * total
    chosen = -2
    for e in range(first, last):
        j = friend[e]
        c = good_weight(i64(status[account0 + j]), wom) * f64(talk[account0 + j])
        if c > 0.0 and mark >= 0.0:
            chosen = j
            mark -= c / (edge[edge0 + j + 1] - edge[edge0 + j]) if per_speaker else c
    return chosen


@inlined
def pick_stranger(
    wom: Any, count: Any, status: Any, total: float, block0: int, blocks: int, account0: int, accounts: int, u: float
) -> int:
    """Referrer on the complete graph: find the block by its published counts, then the account in the block."""
    mark = u * total
    chosen, settled = -2, False
    for b in range(block0, block0 + blocks):
        if not settled:
            here = 0.0
            for s in range(NEUTRAL, DETRACTOR + 1):
                here += count[b, s] * good_weight(s, wom)
            if here > 0.0:
                chosen = b
                if mark < here:
                    settled = True
                else:
                    mark -= here
    found = -2
    if chosen >= 0:
        row = (chosen - block0) * BLOCK
        for i in range(row, min(row + BLOCK, accounts)):
            c = good_weight(i64(status[account0 + i]), wom)
            if c > 0.0 and mark >= 0.0:
                found = i
                mark -= c
    return found


@step
def count_voices(par: Par, state: State, run: int) -> None:
    """Total of good and bad voices in the published counts (all that the complete graph needs)."""
    firm, word_of_mouth = state.run[run], par.word_of_mouth
    firm.good_voices = firm.bad_voices = 0.0
    if not word_of_mouth.enabled:
        return
    for b in range(firm.block0, firm.block0 + firm.blocks):
        for s in range(NEUTRAL, SOUR + 1):
            firm.good_voices += state.counts[b, s] * good_weight(s, word_of_mouth)
            firm.bad_voices += state.counts[b, s] * bad_weight(s)


@inlined
def pick_referrer(par: Par, state: State, firm: Firm, week: int, i: int, hearing: Hearing, u: float) -> int:
    """Return who brought account i (row in the batch), in proportion to voices; -2 if nobody speaks."""
    word_of_mouth, j = par.word_of_mouth, i - firm.account0
    if hearing.complete:
        return pick_stranger(
            word_of_mouth, state.counts, state.status, firm.good_voices, firm.block0, firm.blocks, firm.account0,
            firm.accounts, u,
        )  # fmt: skip
    if hearing.per_tie:
        return pick_tie(
            word_of_mouth, state.edge, state.friend, state.status, state.talk, firm.edge0, firm.account0,
            firm.accounts, firm.seed, firm.replicate, week, j, u,
        )  # fmt: skip
    return pick_friend(
        word_of_mouth, state.edge, state.friend, state.status, state.talk, firm.edge0, firm.account0, j, u
    )
