"""Start the app: routes, headers, and the engine's warming up."""

import threading
from typing import Annotated

from fastapi import Query, Request, Response
from nicegui import app, ui

from flywheel_sim.app.jobs import warmth
from flywheel_sim.app.screens import comparing, explain, watch, what_if
from flywheel_sim.app.screens.shell import STATIC

__all__ = ["routes", "serve"]

_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'; "
    "form-action 'none'; base-uri 'self'; object-src 'none'"
)


def routes() -> None:
    """Every screen's address."""
    app.add_static_files("/static", STATIC)

    @ui.page("/")
    def _what_if(baseline: str = "", scenario: str = "") -> None:
        what_if.show(baseline, scenario)

    @ui.page("/compare")
    def _compare(s: Annotated[list[str], Query()] = []) -> None:  # noqa: B006
        comparing.show(s)

    @ui.page("/watch")
    def _watch(s: str = "", seed: int = 1) -> None:
        watch.show(s, seed)

    @ui.page("/explain")
    def _explain(m: str = "M1") -> None:
        explain.show(m)

    app.add_api_route("/report/{name}", comparing.report, response_class=Response)


def serve(port: int, *, show: bool) -> None:
    """Serve the app on loopback until it is stopped."""
    routes()

    @app.middleware("http")
    async def guarded(request: Request, go_on):  # type: ignore[no-untyped-def]
        response: Response = await go_on(request)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    app.on_startup(lambda: threading.Thread(target=_warm, daemon=True).start())
    ui.run(
        host="127.0.0.1", port=port, title="flywheel", show=show, reload=False, tailwind=False, dark=False,
        show_welcome_message=False,  fastapi_docs=False, favicon=STATIC / "wheel.svg",
        uvicorn_logging_level="error", reconnect_timeout=20.0,
    )  # fmt: skip


def _warm() -> None:
    import contextlib

    with contextlib.suppress(Exception):
        warmth.up()
