"""The way in, for the script ``flywheel`` and for ``python -m flywheel_sim`` where it is not on the path."""

import os
import sys


def main() -> None:
    """Run the command line and exit with its code; Ctrl-C while it is still being loaded ends it as it does later."""
    try:
        from flywheel_sim.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        print("flywheel: interrupted", file=sys.stderr, flush=True)
        os._exit(130)  # Python's own way out would have the signal's code where an import ran code made of text


if __name__ == "__main__":
    main()
