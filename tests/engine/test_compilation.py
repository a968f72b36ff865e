"""The second process that helps to compile: nothing depends on it."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from flywheel_sim.engine import compilation


class Kernel:
    """What numba's dispatchers have of a compiler; ``uses`` is another one it calls, twice as numba does."""

    def __init__(self, name, log, uses=None):
        self.name, self.log, self.uses = name, log, uses

    def compile(self, kinds):
        for _ in range(2 if self.uses else 0):
            self.uses.compile(kinds)
        self.log.append(self.name)


@pytest.fixture
def log(monkeypatch):
    log = []
    customers = Kernel("customers", log)
    monkeypatch.setattr(compilation, "_customers", customers)
    monkeypatch.setattr(compilation, "_advance", Kernel("week", log, customers))
    return log


@pytest.mark.parametrize("says", ["print('customers', flush=True)", "raise SystemExit(3)", "pass"])
def test_the_week_is_compiled_whatever_the_second_process_does(log, says):
    helper = subprocess.Popen(
        [sys.executable, "-c", says], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    compilation._compile_with(helper, ())
    assert log == ["customers", "customers", "week"]
    assert helper.returncode is not None, "it has been waited for"
    assert "compile" not in vars(compilation._customers), "later calls do not wait"


def test_an_interrupt_ends_the_second_process(log, monkeypatch):
    def interrupted(kinds):
        raise KeyboardInterrupt

    monkeypatch.setattr(compilation, "_advance", SimpleNamespace(compile=interrupted))
    forever = [sys.executable, "-c", "import signal; signal.pause()"]
    helper = subprocess.Popen(forever, stdout=subprocess.PIPE, text=True)
    with pytest.raises(KeyboardInterrupt):
        compilation._compile_with(helper, ())
    assert helper.returncode not in (None, 0)


def test_one_process_where_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(compilation, "cache_dir", lambda: None)
    assert not compilation._worth_it()


def test_a_helper_that_cannot_be_started_is_none(monkeypatch):
    monkeypatch.setattr(compilation.sys, "executable", "/nowhere/python")
    assert compilation._helper() is None
