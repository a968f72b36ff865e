"""The way in, for the script ``flywheel`` and for ``python -m flywheel_sim`` where it is not on the path."""

import sys


def main() -> None:
    """Run the command line and exit with its code; Ctrl-C while it is still being loaded ends it as it does later."""
    try:
        from flywheel_sim.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        print("flywheel: interrupted", file=sys.stderr)
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
