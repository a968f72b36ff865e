"""Words for what kernels take; the legend of tick.py says what each is.

Compiled code knows its own types, and a type checker cannot see into records, so every one of these is ``Any`` to it:
they are for readers.
"""

from typing import Any, TypeAlias

__all__ = ["Epochs", "Firm", "Lot", "Now", "Par", "Rates", "Row", "State", "Sums", "Tables"]

#: The scenario as it stands this week: a record of :data:`~flywheel_sim.engine.layout.PAR`, one part for each block.
Par: TypeAlias = Any
#: One such record for each stretch of weeks in which nothing in a scenario changes.
Epochs: TypeAlias = Any
#: Rows of everything named: :class:`~flywheel_sim.engine.lowering.Tables`.
Tables: TypeAlias = Any
#: Everything that changes: :class:`~flywheel_sim.engine.state.State`.
State: TypeAlias = Any
#: The company of one run, its scalars and where its rows start: a record of :data:`~flywheel_sim.engine.state.RUN`.
Firm: TypeAlias = Any
#: What customers of a run see this week: a record of :data:`~flywheel_sim.engine.state.NOW`.
Now: TypeAlias = Any
#: Sums over the customers of a block, or of a run, by :data:`~flywheel_sim.engine.state.ACC`.
Sums: TypeAlias = Any
#: One week of the weekly columns, by :data:`~flywheel_sim.scenario.columns.COL`.
Row: TypeAlias = Any
#: One of the three tables of a block's customers, a column for each: customer_tables.py.
Lot: TypeAlias = Any
#: What the laws of customers take of a scenario: :class:`~flywheel_sim.engine.rates.Rates`.
Rates: TypeAlias = Any
