"""Everything named is made once, by the mechanism it belongs to."""

from collections import Counter

import flywheel_sim as fs
from flywheel_sim.engine.lowering import MAKERS, Tables, lower
from flywheel_sim.engine.rows import Room


def test_every_table_and_every_column_of_teams_has_one_maker():
    model = fs.load("b2b-saas").model
    room = Room(len(model.axes), len(model.teams))
    made = Counter(name for make in MAKERS for name in make(model, room))
    teams = {f"team.{name}" for name in lower([model]).tables.team.dtype.names} - {"team.changed"}
    assert set(made) == {*Tables._fields, *teams} - {"team"}
    assert set(made.values()) == {1}


def test_rows_of_a_company_do_not_depend_on_wider_ones_in_the_batch():
    small, large = fs.load("b2b-two-teams").model, fs.load("b2b-saas").model
    for make in MAKERS:
        alone = make(small, Room(len(small.axes), len(small.teams)))
        beside = make(small, Room(len(large.axes) + 3, len(large.teams)))
        for name, rows in alone.items():
            part = beside[name][tuple(slice(length) for length in rows.shape)]
            assert part.tobytes() == rows.tobytes(), name
