"""Who leaves a page leaves no work behind: what was being computed for it stops, on every screen that computes."""

import asyncio
import threading
from urllib.parse import urlencode

import pytest
from simulated import simulated_browser

from flywheel_sim.app.jobs import Cancelled, Job

pytest.importorskip("nicegui")
#: Large enough for work to be in hand for seconds after its first report.
LARGE = '{"market.accounts":100000,"market.initial_customers":20000,"horizon_weeks":156}'
A, B = f"siloed-close-rate:{LARGE}", f"relationship-flywheel:{LARGE}"
PAGES = {
    "what-if": f"/?{urlencode({'baseline': A, 'scenario': B})}",
    "compare": f"/compare?{urlencode({'s': [A, B], 'runs': 10}, doseq=True)}",
    "watch": f"/watch?{urlencode({'s': B})}",
}


async def come(event: threading.Event, seconds: float = 300.0) -> None:
    """Wait for what another thread does; the first start may compile."""
    async with asyncio.timeout(seconds):
        while not event.is_set():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("page", PAGES)
def test_leaving_a_page_stops_what_is_computed_for_it(page, monkeypatch):
    from nicegui import run

    begun, left, over = threading.Event(), threading.Event(), threading.Event()
    ends: list[str] = []
    real, step = run.io_bound, Job.step

    def reported(self, done, total):
        if 0 < done < total:
            begun.set()
        step(self, done, total)

    async def watched(function, *given, **named):
        try:
            found = await real(function, *given, **named)
        except BaseException as error:
            ends.append(type(error).__name__)
            raise
        else:
            ends.append("done")
            return found
        finally:
            if left.is_set():
                over.set()

    async def session():
        async with simulated_browser() as user:
            await user.open(PAGES[page])
            await come(begun)
            ends.clear()
            left.set()
            for socket in list(user.client._socket_to_document_id):
                user.client.handle_disconnect(socket)
            await come(over)

    monkeypatch.setenv("FLYWHEEL_WORKERS", "1")
    monkeypatch.setattr(Job, "step", reported)
    monkeypatch.setattr(run, "io_bound", watched)
    asyncio.run(session())
    assert ends[0] == Cancelled.__name__
