"""Options of the whole suite."""

import pytest


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run tests that take minutes")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="takes minutes; run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session", autouse=True)
def no_shipped_worlds():
    """Compare companies of tests as assumed, as if no worlds were shipped; test_shipped_worlds looks at what is."""
    from flywheel_sim.study.worlds import drawing

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "shipped_worlds", dict)
        yield
