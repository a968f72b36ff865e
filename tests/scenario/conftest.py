"""Fixtures of the scenario tests."""

import pytest
from shop_schema import Company

from flywheel_sim.scenario.loading import load_as


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write files into the current folder, which is a fresh one."""
    monkeypatch.chdir(tmp_path)

    def put(**files: str):
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return put


@pytest.fixture
def company():
    """Load with the small model."""
    return lambda spec: load_as(spec, Company)
