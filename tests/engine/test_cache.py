"""Compiled code is kept safely: processes that begin at once on nothing, an off switch, folders that cannot be made."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import flywheel_sim

ROOT = Path(flywheel_sim.__file__).parents[1]

#: One kernel, small enough to be compiled in a second.
SMALL = """
import json, numpy as np
from flywheel_sim.engine.jit import cache_dir
from flywheel_sim.engine.network import adjacency
ties, edge, friend = np.array([[0, 1], [1, 2]], np.int32), np.zeros(4, np.int32), np.zeros(4, np.int32)
adjacency(3, 2, ties, edge, friend)
hits = sum(adjacency.stats.cache_hits.values())
print(json.dumps({"edge": edge.tolist(), "friend": friend.tolist(), "hits": hits, "folder": str(cache_dir())}))
"""

#: The whole engine.
WHOLE = """
import json, hashlib
from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.tick import advance
from flywheel_sim.scenario import load
small = {"market.accounts": 300, "market.initial_customers": 40, "horizon_weeks": 8}
simulation = Simulation([load("b2b-saas").with_(small).model], [(0, 1, 0)])
simulation.advance()
bits = hashlib.sha256(simulation.arrays(0).weekly.tobytes()).hexdigest()
print(json.dumps({"bits": bits, "hits": sum(advance.stats.cache_hits.values())}))
"""


def begun(code, cache):
    settings = {**os.environ, "FLYWHEEL_CACHE": str(cache), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", code], env=settings, stdout=subprocess.PIPE, text=True)


def ended(process):
    out, _ = process.communicate(timeout=1200)
    assert process.returncode == 0
    return json.loads(out)


def at_once(code, cache):
    """Two processes that begin together, then a third one."""
    both = [begun(code, cache) for _ in range(2)]
    return [ended(process) for process in both], ended(begun(code, cache))


def test_two_processes_at_once_on_an_empty_cache_both_work_and_leave_it_whole(tmp_path):
    both, later = at_once(SMALL, tmp_path / "cache")
    assert [one["edge"] for one in (*both, later)] == [[0, 1, 3, 4]] * 3
    assert both[0]["friend"] == both[1]["friend"] == later["friend"]
    assert later["hits"] == 1
    left = [path.name for path in Path(later["folder"]).rglob("*") if path.is_file()]
    assert left and all(name.endswith((".nbi", ".nbc")) for name in left), "nothing half-written stays behind"


@pytest.mark.slow
def test_two_processes_at_once_compile_the_whole_engine(tmp_path):
    both, later = at_once(WHOLE, tmp_path / "cache")
    assert both[0]["bits"] == both[1]["bits"] == later["bits"]
    assert later["hits"] == 1


def test_the_off_switch_keeps_nothing(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    settings = {**os.environ, "FLYWHEEL_CACHE": "off", "PYTHONPATH": str(ROOT), "HOME": str(home)}
    settings.pop("XDG_CACHE_HOME", None)
    done = subprocess.run([sys.executable, "-c", SMALL], env=settings, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert (told["folder"], told["hits"]) == ("None", 0)
    assert told["edge"] == [0, 1, 3, 4]
    assert not list(home.rglob("*.nb*"))


def test_where_no_folder_can_be_made_nothing_is_kept_and_runs_go_on(tmp_path):
    file = tmp_path / "file"
    file.write_text("in the way")
    told = ended(begun(SMALL, file / "cache"))
    assert (told["folder"], told["hits"]) == ("None", 0)
    assert told["edge"] == [0, 1, 3, 4]
