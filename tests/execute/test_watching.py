"""One line says how far runs are, whatever they are, and not more often than people read."""

import sys
from types import SimpleNamespace

import flywheel_sim as fs
from flywheel_sim.execute.experiment import Standing
from flywheel_sim.execute.watching import Line


def test_weeks_and_runs_are_told_with_the_time_left():
    said, clock = [], [0.0]
    line = Line("Runs", said.append, lambda: clock[0])
    for clock[0], done in ((0.0, 0), (0.1, 5), (10.0, 25), (10.1, 30), (20.0, 50), (20.1, 100)):
        line(done, 100)
    assert said == ["Runs: 0 %", "Runs: 25 %, 30 s left", "Runs: 50 %, 20 s left", "Runs: 100 %, done in 20 s"]
    clock[0] = 0.0
    study = Line("", said.append, lambda: clock[0])
    study(Standing(8, 0, 0))
    clock[0] = 6.0
    study(Standing(8, 2, 1))
    assert said[-2:] == ["0 %, 0 of 8 runs", "25 %, 2 of 8 runs, 1 failed, 18 s left"]


def test_in_a_notebook_the_cells_output_changes(monkeypatch):
    shown = []
    handle = SimpleNamespace(update=lambda data, raw: shown.append(data["text/plain"]))
    display = SimpleNamespace(display=lambda data, raw, display_id: handle)
    kernel = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setitem(sys.modules, "IPython", kernel)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    line = fs.progress("Sweep")
    line(Standing(4, 4, 0))
    assert len(shown) == 1 and shown[0].startswith("Sweep: 100 %, 4 of 4 runs, done in ")


def test_elsewhere_it_goes_to_standard_error(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    fs.progress()(3, 3)
    assert capsys.readouterr().err.startswith("100 %, done in ")
