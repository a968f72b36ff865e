"""The replica: the whole week again, in plain Python, so that the engine can be checked against something readable.

Written after docs/odd.md with one function a mechanism: customers are objects that count in ``np.float32`` scalars,
teams count in Python floats, luck is Philox in plain integers, and exponentials are the same polynomials, written
plainly.  It shares no kernel with the engine; the one thing it takes from it is
:func:`~flywheel_sim.engine.lowering.lower`, which turns names into rows and computes quantile tables.  So the two
agree to the bit, or one of them is wrong.

Read :mod:`~replica.tick` first: it states the order of the week.

=================  =====================================================================================================
module             mechanisms
=================  =====================================================================================================
tick               the order of events, levers, publication
world, start       what there is, and how it begins
market             M1 chances of the week, begin of a spell
prospects          M1 awareness, M5 blocking and source, M1, M6, M27 sale, M1 onboarding
customers          M2, M3 use, M1 churn and voice, M6 renewal and purchases, M7, M22, M23 revenue
contracts          M6 dates and windows
word_of_mouth      M5 voices, ties, referrers;  network: who is friends with whom
service, queue     M8 by age of the case, and in time; M9 self-service
journey            M3 success of touches, M4 handoffs
directions         M11 vectors, M13 needs and the experience map
cadence            M17 meetings, events, themes, reviews
incentives         M12;  strategy: M15;  capacity: M19;  culture: M20;  leadership: M21
causes, decisions  M10 and M14;  M16, M18 and M26
channels, selling  M9; M27;  timeline: M25
measures, ruin     M24 columns, M23 ledger
arithmetic, luck   exponentials, logarithms, Philox
=================  =====================================================================================================
"""

from replica.compare import Difference, compare_with_engine, run

__all__ = ["Difference", "compare_with_engine", "run"]
