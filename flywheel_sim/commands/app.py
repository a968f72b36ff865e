"""``flywheel app``: the web app, on this machine only."""

import importlib.util
import socket

import click

from flywheel_sim.commands.command_output import say

__all__ = ["app"]

HOST = "127.0.0.1"


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8420,
    show_default=True,
    help="Port on 127.0.0.1; 0, or one that is taken: any free one.",
)
@click.option("--browser/--no-browser", default=True, help="Open the browser (default), or only print the address.")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
def app(port: int, browser: bool, debug: bool) -> None:
    """Open the web app: what-if, compare, watch, explain.

    It serves this machine only (127.0.0.1), needs no network, and runs until Ctrl-C.
    """
    if importlib.util.find_spec("nicegui") is None:
        raise click.UsageError("the app needs NiceGUI, an extra of this package: pip install 'flywheel-sim[app]'")
    asked, port = port, free_port(port)
    if asked not in (0, port):
        say(f"Port {asked} is taken; this app has another one.")
    click.echo(f"http://{HOST}:{port}/")
    say("The first start compiles the engine, about a minute; the page says when it is ready. Ctrl-C ends the app.")
    from flywheel_sim.app.screens.serve import serve

    serve(port, show=browser)


def free_port(port: int) -> int:
    """Return the port, or any free one when it is taken."""
    for candidate in (port, 0):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((HOST, candidate))
            except OSError:
                continue
            return int(trial.getsockname()[1])
    raise click.ClickException(f"no free port on {HOST}")
