"""NiceGUI's simulation of a browser, which leaves the package in the process as it was.

When it ends, NiceGUI takes the modules of all pages and *their parents* out of the process, so that whatever asks for
``flywheel_sim`` afterwards gets a second copy of it, and what a test replaces in one copy is not replaced in the other.
"""

import contextlib
import sys
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any


@contextlib.asynccontextmanager
async def simulated_browser() -> AsyncIterator[Any]:
    """Yield a simulated user of the app."""
    from nicegui import Client
    from nicegui.testing import user_simulation

    from flywheel_sim.app.screens.serve import routes

    there: dict[str, ModuleType] = {}
    try:
        async with user_simulation() as user:
            try:
                routes()
                yield user
            finally:
                # what is computed for a page swallows being cancelled: without its page it ends by itself
                for client in list(Client.instances.values()):
                    client.delete()
                there = dict(sys.modules)
    finally:
        sys.modules.update(there)
