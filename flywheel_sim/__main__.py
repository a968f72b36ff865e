"""``python -m flywheel_sim``: the command line, where its script is not on the path."""

from flywheel_sim.cli import main

if __name__ == "__main__":
    main()
