"""``flywheel completion``: what a shell needs to complete commands, options and names of scenarios."""

import click

from flywheel_sim.commands.command_output import Answer, answers

__all__ = ["completion"]

#: Shell -> the line that turns completion on, for good once it stands in the shell's start file.
LINES = {
    "bash": 'eval "$(flywheel completion bash)"',
    "zsh": 'eval "$(flywheel completion zsh)"',
    "fish": "flywheel completion fish | source",
}


@click.command()
@click.argument("shell", type=click.Choice(list(LINES)))
@answers("completion")
def completion(shell: str) -> Answer:
    r"""Print the shell code that completes commands, options and names of scenarios.

    \b
    bash, in ~/.bashrc:                     eval "$(flywheel completion bash)"
    zsh, in ~/.zshrc, after compinit:       eval "$(flywheel completion zsh)"
    fish, in ~/.config/fish/config.fish:    flywheel completion fish | source
    """
    from click.shell_completion import get_completion_class

    from flywheel_sim.cli import flywheel

    kind = get_completion_class(shell)
    assert kind is not None
    code = kind(flywheel, {}, "flywheel", "_FLYWHEEL_COMPLETE").source()
    return Answer({"shell": shell, "code": code, "line": LINES[shell]}, code)
