"""M5 Word of mouth: what an account hears from its friends, and who of them has brought it."""

import math
from collections.abc import Callable, Iterable
from typing import Any

from replica import luck
from replica.arithmetic import F32, f32, log64
from replica.luck import below, unit, words
from replica.world import CUSTOMER, DETRACTOR, SOUR, Account, Rules, World

__all__ = ["count_voices", "fit_of", "hears", "pick_referrer", "recount_voices"]


def good_weight(status: str, wom: Any) -> float:
    """c(voice): how much a good word of an account of this status counts."""
    return float(getattr(wom, status)) if status in CUSTOMER else 0.0


def bad_weight(status: str) -> float:
    """Detractors speak badly, and so do former customers who left in anger."""
    return 1.0 if status in (DETRACTOR, SOUR) else 0.0


def fit_of(account: Account, closer: F32) -> F32:
    """Fit to the product; a referred account's is a share of what it lacks higher."""
    return account.fit + closer * (f32(1.0) - account.fit) if account.referred else account.fit


def tie_strength(beta: float) -> float:
    """Hazard of a voice through a tie that transmits with this chance a week."""
    return -log64(1.0 - beta)


def is_strong(w: World, wom: Any, i: int, j: int) -> bool:
    """Whether a tie is a strong one: luck of its two ends, for life."""
    return below(words(w.key, min(i, j), max(i, j), luck.TIE)[0], f32(wom.strong_share))


def stranger_met(w: World, j: int, t: int, tie: int) -> int:
    """Account a redrawn weak tie of account j leads to this week."""
    other = int(unit(luck.pick_lane(w.key, j, t, luck.STRANGER, tie)) * (len(w.accounts) - 1))
    return other + 1 if other >= j else other


def recount_voices(w: World, p: Rules) -> None:
    """Choose the unit, 2^-unit, in which voices are added up as integers, so that a sum fits 31 bits."""
    wom = p.word_of_mouth
    degree = max(1, *(len(account.friends) for account in w.accounts))
    loudest = max(float(account.talk) for account in w.accounts)
    heaviest, most = max(max(wom.advocate, wom.neutral, wom.detractor) * loudest, 1.0), 20
    if wom.normalise == "per_tie":
        heaviest, most = heaviest * tie_strength(max(wom.strong, wom.weak)), 28
    w.unit = next((u for u in range(most, 0, -1) if degree * heaviest * (1 << u) < 2147483648.0), 0)


def count_voices(w: World, p: Rules) -> None:
    """All good and bad voices there are: what everybody hears on the complete graph."""
    w.good_voices = w.bad_voices = 0.0
    if not p.word_of_mouth.enabled:
        return
    for block in w.blocks:
        for status in (*CUSTOMER, "former", SOUR):
            count = sum(account.status == status for account in block)
            w.good_voices += count * good_weight(status, p.word_of_mouth)
            w.bad_voices += count * bad_weight(status)


def in_units(w: World, weight: float, share: float) -> int:
    """A voice in whole units."""
    return math.floor(weight * share * (1 << w.unit) + 0.5)


def hears(w: World, p: Rules, account: Account, t: int) -> tuple[F32, F32]:
    """Good and bad voices that an account hears this week."""
    wom, others = p.word_of_mouth, len(w.accounts) - 1
    good, bad = 0, 0
    if p.market.network.kind == "complete":
        if others == 0:
            return f32(0.0), f32(0.0)
        return f32(w.good_voices / others), f32(w.bad_voices / others)
    if not wom.enabled:
        return f32(0.0), f32(0.0)
    strong_s, weak_s = tie_strength(wom.strong), tie_strength(wom.weak)
    new_good = new_bad = 0.0
    others_each = min(1.0, len(w.accounts) / max(sum(len(a.friends) for a in w.accounts), 1))
    for tie, j in enumerate(account.friends):
        share, friend = 1.0, w.accounts[j]
        loud = float(friend.talk)
        if wom.normalise == "per_speaker":
            share = 1.0 / len(friend.friends)
        if wom.normalise == "per_friend":
            share = others_each
        if wom.normalise == "per_tie":
            strong = is_strong(w, wom, account.number, j)
            share = strong_s if strong else weak_s
            if not strong and wom.weak_ties == "redrawn":
                met = w.accounts[stranger_met(w, account.number, t, tie)]
                new_good += good_weight(met.status, wom) * weak_s * float(met.talk)
                new_bad += bad_weight(met.status) * weak_s * float(met.talk)
                continue
        good += in_units(w, good_weight(friend.status, wom) * loud, share)
        bad += in_units(w, bad_weight(friend.status) * loud, share)
    unit_f = f32(1.0 / (1 << w.unit))
    heard, warned = f32(good) * unit_f, f32(bad) * unit_f
    if wom.normalise == "per_prospect" and heard + warned > 0:
        k = f32(len(account.friends))
        heard, warned = heard / k, warned / k
    if wom.normalise == "per_tie" and wom.weak_ties == "redrawn":
        heard, warned = heard + f32(new_good), warned + f32(new_bad)
    return heard, warned


def walk(candidates: Iterable[tuple[int, float]], mark: float) -> int:
    """The candidate under a mark, along all who speak, each as long as its weight; -2 if nobody speaks."""
    chosen = -2
    for j, c in candidates:
        if c > 0.0 and mark >= 0.0:
            chosen = j
            mark -= c
    return chosen


def loudness(w: World, wom: Any, j: int) -> float:
    """How loud a good word of account j is."""
    spoken = good_weight(w.accounts[j].status, wom) * float(w.accounts[j].talk)
    return spoken


def pick_referrer(w: World, p: Rules, account: Account, t: int, u: float) -> int:
    """Who brought an account: one of those whose word it heard, in proportion to how loud it was."""
    if p.market.network.kind == "complete":
        return pick_stranger(w, p, u)
    wom = p.word_of_mouth
    picks: dict[str, Callable[[int, int], tuple[int, float]]] = {
        "per_tie": lambda tie, j: tie_voice(w, wom, account, t, tie, j),
        "per_speaker": lambda tie, j: (
            j, loudness(w, wom, j) / len(w.accounts[j].friends)
        ),
        "per_prospect": lambda tie, j: (j, loudness(w, wom, j)),
        "per_friend": lambda tie, j: (j, loudness(w, wom, j)),
    }  # fmt: skip
    voices = [picks[wom.normalise](tie, j) for tie, j in enumerate(account.friends)]
    total = 0.0
    for _, c in voices:
        total += c
    return walk(voices, u * total)


def tie_voice(w: World, wom: Any, account: Account, t: int, tie: int, j: int) -> tuple[int, float]:
    """Who speaks through a tie of given strength this week, and how loud."""
    strong, other = is_strong(w, wom, account.number, j), j
    if not strong and wom.weak_ties == "redrawn":
        other = stranger_met(w, account.number, t, tie)
    strength = tie_strength(wom.strong if strong else wom.weak)
    return other, good_weight(w.accounts[other].status, wom) * strength * float(w.accounts[other].talk)


def pick_stranger(w: World, p: Rules, u: float) -> int:
    """The complete graph: the block in which the mark falls, then the account in it."""
    mark, chosen = u * w.good_voices, None
    for block in w.blocks:
        here = 0.0
        for status in CUSTOMER:
            here += sum(a.status == status for a in block) * good_weight(status, p.word_of_mouth)
        if here > 0.0:
            chosen = block
            if mark < here:
                break
            mark -= here
    return walk(((a.number, good_weight(a.status, p.word_of_mouth)) for a in chosen or ()), mark)
