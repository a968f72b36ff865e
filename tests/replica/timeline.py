"""M25 Timeline: another epoch of the scenario, and pulses of customers."""

from replica import luck
from replica.contracts import weeks_to_renewal
from replica.directions import change_needs
from replica.luck import unit
from replica.market import begin_spell, price_share
from replica.start import give_traits
from replica.word_of_mouth import recount_voices
from replica.world import CUSTOMER, FORMER, NEUTRAL, PROSPECT, Account, Rules, World

__all__ = ["enter_epoch", "pulse"]


def enter_epoch(w: World, p: Rules) -> None:
    """From this week on the scenario reads differently: traits keep their rank, needs their drift."""
    before, w.rules = w.rules, p
    if (before.traits != p.traits).any():
        for account in w.accounts:
            give_traits(w, p, account)
    if p.market.network.kind != "complete":
        recount_voices(w, p)
    change_needs(w, before, p)


def pulse(w: World, p: Rules, t: int) -> None:
    """Add and remove the customers of this week's pulses: who, is luck among those who can."""
    w.added = w.added_billed = 0.0
    for n, (week, amount) in enumerate(p.pulse):
        for k in range(abs(amount) if week == t else 0):
            able = [a for a in w.accounts if (a.status == PROSPECT if amount > 0 else a.status in CUSTOMER)]
            if not able:
                break
            account = able[int(unit(w.words(n, t, luck.TIMELINE, k)[0]) * len(able))]
            if amount > 0:
                join(w, p, account, t)
            else:
                remove(w, p, account, t)


def join(w: World, p: Rules, account: Account, t: int) -> None:
    """Sign an account then and there."""
    account.discount, account.lone = 0, False
    w.added_billed += begin_spell(w, p, account, t)
    account.referrer, account.added = -1, True
    account.status = account.status_next = NEUTRAL
    w.added += 1.0


def remove(w: World, p: Rules, account: Account, t: int) -> None:
    """Let a customer go, and pay it back its unused weeks."""
    age = t - account.start
    w.added_billed -= float(account.spend) * (weeks_to_renewal(age, p.contract) * price_share(account, age))
    account.status = account.status_next = FORMER
    account.end, account.cause, account.open_issues = t, "removed", 0
    w.added -= 1.0
