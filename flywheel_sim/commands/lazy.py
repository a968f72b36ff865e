"""A group of commands that loads one only when it is called."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from flywheel_sim.commands.command_output import guarded
from flywheel_sim.commands.streams import printable

__all__ = ["CommandLine", "Found", "command_or_nearest"]

#: What click's ``resolve_command`` returns.
Found = tuple[str | None, click.Command | None, list[str]]


class CommandLine(click.Group):
    """A group that loads a command when it is called and turns every failure into one message and an exit code."""

    def __init__(self, *args: Any, commands_known: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = dict(commands_known)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return commands whose module is part of this installation."""
        return [name for name in self.known if importlib.util.find_spec(f"flywheel_sim.commands.{name}") is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(importlib.import_module(f"flywheel_sim.commands.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Keep the words as they were typed, for messages that say what to type instead."""
        words = tuple(args)
        context = super().make_context(info_name, args, parent, **extra)
        context.meta["flywheel.words"] = words
        return context

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Found:
        """Name the nearest command when there is none of this name."""
        return command_or_nearest(self, super().resolve_command, ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.known[name]) for name in self.list_commands(ctx)])

    def main(self, args: Any = None, prog_name: str | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run a command; the exit code is 0, 1, 2 or 3 as docs/start.md states, whatever happens."""
        words = list(sys.argv[1:] if args is None else args)
        printable(sys.stdout, sys.stderr)
        standalone = extra.pop("standalone_mode", True)
        code = guarded(
            lambda: super(CommandLine, self).main(words, prog_name or "flywheel", standalone_mode=False, **extra),
            words,
            self.list_commands(click.Context(self)),
        )
        if standalone:
            sys.exit(code)
        return code


def command_or_nearest(group: click.Group, resolve: Callable[..., Found], ctx: click.Context, args: list[str]) -> Found:
    """Return what ``resolve`` finds; when it finds nothing, an error that names the nearest command of ``group``."""
    try:
        return resolve(ctx, args)
    except click.UsageError as error:
        if isinstance(error, click.NoSuchOption) or args[0].startswith("-"):
            raise
        from flywheel_sim.scenario.errors import nearest

        better = click.UsageError(f"no such command '{args[0]}'", ctx)
        better.suggestion = nearest(args[0], group.list_commands(ctx))  # type: ignore[attr-defined]
        raise better from None
