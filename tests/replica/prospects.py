"""A week of an account that is no customer: it hears of the company, is sold to, waits, and goes live."""

from replica import luck
from replica.arithmetic import F32, exp64, f32, halved
from replica.contracts import weeks_to_window, window_open
from replica.luck import below, unit
from replica.market import begin_spell, happens, minds, odds_times
from replica.word_of_mouth import fit_of, hears, pick_referrer
from replica.world import (
    FORMER,
    LEAD,
    NEUTRAL,
    PROSPECT,
    SOLD,
    SOUR,
    Account,
    Rules,
    Sums,
    World,
)

__all__ = ["prospect_week"]


def prospect_week(w: World, p: Rules, account: Account, t: int, sums: Sums) -> None:
    """Awareness, then the sale, then onboarding."""
    if p.market.enabled:
        lead, word_share = awareness(w, p, account, t, sums)
        if lead and account.status != LEAD:
            find_source(w, p, account, t, word_share, sums)
        if lead:
            work_lead(w, p, account, t, sums)
            if account.status_next == PROSPECT:
                account.referrer = -1
        if account.status_next == SOLD and signed(w, p, account, t, sums):
            onboarding(w, p, account, t, sums)
    after = account.status_next
    if after == NEUTRAL:
        sums.add("customers")
        for name in ("relationship", "effort", "experience"):
            sums.add(name, getattr(account, name))
    elif after == PROSPECT or (after in (LEAD, SOLD) and not account.once_customer):
        sums.add("prospects")
    else:
        sums.add("former")


def awareness(w: World, p: Rules, account: Account, t: int, sums: Sums) -> tuple[bool, float]:
    """Whether there is a lead to work on, and the share of word of mouth in what made it one."""
    wom, now = p.word_of_mouth, w.now
    w_lead, w_bad, _, _ = w.words(account.number, t, luck.MARKET)
    if account.status in (LEAD, SOLD):
        return account.status == LEAD, 0.0
    if account.status != PROSPECT:  # win-back, and bad voices fade
        rests = account.held_until > t
        sums.add("resting", rests)
        if below(w_lead, happens(now.win_back)) and not rests:
            sums.add("leads")
            return True, 0.0
        if account.status == SOUR and below(w_bad, f32(1.0 - halved(wom.former_half_life_weeks))):
            account.status_next = FORMER
        return False, 0.0
    good, bad = hears(w, p, account, t)
    blocked = account.blocked_until > t
    if wom.enabled and wom.negative > 0.0 and bad > 0:
        bad_rate = f32(wom.negative * (1.0 if wom.normalise == "per_tie" else wom.rate))
        if below(w_bad, happens(bad_rate * bad)):
            account.blocked_until = min(t + 1 + wom.negative_weeks, 32767)
    if blocked:
        sums.add("blocked")
        return False, 0.0
    if account.held_until > t:
        sums.add("resting")
        return False, 0.0
    word = now.word_rate * good
    if not below(w_lead, happens((now.external + word) * now.per_lead)):
        return False, 0.0
    sums.add("leads")
    return True, float(word) / float(now.external + word)


def find_source(w: World, p: Rules, account: Account, t: int, word_share: float, sums: Sums) -> None:
    """Source of a lead in proportion to hazard, then the referrer."""
    _, _, w_source, w_referrer = w.words(account.number, t, luck.SALE)
    if not account.once_customer:  # of those who come back it is kept who brought them first
        account.referrer = -1
    if word_share > 0.0 and unit(w_source) < word_share:
        sums.add("leads_word")
        account.referrer = pick_referrer(w, p, account, t, unit(w_referrer))


def work_lead(w: World, p: Rules, account: Account, t: int, sums: Sums) -> None:
    """A lead is worked, lapses or waits; what comes to nothing rests."""
    w_serve, now = w.words(account.number, t, luck.SALE)[0], w.now
    share = now.serve_waiting if account.status == LEAD else now.serve
    account.status_next = FORMER if account.once_customer else PROSPECT
    if below(w_serve, share):
        sums.add("served")
        sale(w, p, account, t, sums)
    elif below(w_serve, share + (f32(1.0) - share) * now.lapse):
        sums.add("lapsed")
    else:
        account.status_next = LEAD
        sums.add("waiting")
    if account.status_next in (FORMER, PROSPECT):
        rest(p, account, t)


def rest(p: Rules, account: Account, t: int) -> None:
    """After a lead that came to nothing an account is none for a while."""
    if p.market.funnel.rest_weeks > 0:
        account.held_until = min(t + 1 + p.market.funnel.rest_weeks, 32767)


def sale(w: World, p: Rules, account: Account, t: int, sums: Sums) -> None:
    """Qualified, proposed, closed, onboarded: nested thresholds of one word."""
    w_chain = w.words(account.number, t, luck.SALE)[1]
    qualify, propose, close, live, lone = stages(w, p, account)
    if not lone and p.selling.enabled and fit_now(p, account) < w.chain[account.segment][4]:
        if below(w_chain, qualify):
            sums.add("deals_turned_away")
        return
    if below(w_chain, qualify):
        sums.add("qualified")
    if below(w_chain, propose):
        sums.add("proposals")
    wait = weeks_to_budget(w, p, account, t) if below(w_chain, close) else -1
    if wait >= 0:
        sums.add("sold")
        account.discount, account.lone = int(w.discount * 100.0 + 0.5), lone
        if below(w_chain, live):
            if wait > 0:
                account.held_until = min(t + wait, 32767)
            else:
                sums.add("signed")
            account.status_next = SOLD


def fit_now(p: Rules, account: Account) -> F32:
    """Fit as sellers see it."""
    wom = p.word_of_mouth
    return fit_of(account, f32(wom.referred_fit if wom.enabled else 0.0))


def stages(w: World, p: Rules, account: Account) -> tuple[F32, F32, F32, F32, bool]:
    """Cumulative chances of the stages of a sale, and whether a lone wolf does the selling (M27)."""
    chain, sell = w.chain[account.segment], p.selling
    qualify = chain[6] if account.status == LEAD else chain[0]
    propose = qualify * chain[1]
    close = propose * chain[2]
    lone, push = False, 1.0
    if chain[7] != 0:
        push = exp64(float(chain[7]) * minds(w, p, account))
        close = propose * f32(odds_times(float(chain[2]), push))
    if sell.enabled and sell.lone_wolves > 0.0:
        lone = below(w.words(account.number, account.spells, luck.SELLER)[0], f32(sell.lone_wolves))
    if lone:
        push *= exp64(sell.lone_low_fit * (1.0 - float(fit_now(p, account))))
        close = propose * f32(odds_times(float(chain[2]), push))
    return qualify, propose, close, close * chain[3], lone


def weeks_to_budget(w: World, p: Rules, account: Account, t: int) -> int:
    """Weeks until a deal won in talks can be signed: 0 now, -1 never (M6)."""
    if window_open(t + 1, account.fiscal, p.contracts):
        return 0
    if p.contracts.window_effect == "timing":
        return weeks_to_window(t + 1, account.fiscal, p.contracts)
    return 0 if knows_window(w, account) else -1


def signed(w: World, p: Rules, account: Account, t: int, sums: Sums) -> bool:
    """Whether a deal is signed; one that is agreed waits for the budget, and may be lost till then (M6)."""
    if account.held_until <= t:
        if account.status == SOLD and account.held_until == t:
            sums.add("signed")
        return True
    lost = account.status == SOLD and below(w.words(account.number, t, luck.GO_LIVE)[1], w.now.agreed_loss)
    if lost:
        sums.add("agreed_lost")
        account.status_next = FORMER if account.once_customer else PROSPECT
        if not account.once_customer:
            account.referrer = -1
        account.held_until = t
        rest(p, account, t)
    else:
        sums.add("agreed")
        if not knows_window(w, account):
            sums.add("chased")
    return False


def knows_window(w: World, account: Account) -> bool:
    """Whether sellers know the window of an account."""
    return below(w.words(account.number, 0, luck.ENDOWMENT, 1)[0], w.now.window_known)


def onboarding(w: World, p: Rules, account: Account, t: int, sums: Sums) -> None:
    """Go live, as far as the hours of the team that onboards allow."""
    share = w.now.go_live
    if share < f32(1.0) and not below(w.words(account.number, t, luck.GO_LIVE)[0], share):
        sums.add("sold_waiting")
        return
    account.status_next = NEUTRAL
    sums.add("won_back" if account.once_customer else "new_customers")
    if not account.once_customer and account.referrer != -1:
        sums.add("referred_new")
    sums.add("billed", begin_spell(w, p, account, t + 1))
    sums.add("spend", account.spend)
    sums.add("lone_deals", account.lone)
    sums.add("onboarding", p.journey.onboarding_weeks > 1)
    account.cost += f32(p.ledger.cost_per_win)
    if p.word_of_mouth.enabled and account.referred:
        account.cost += f32(p.word_of_mouth.reward)
