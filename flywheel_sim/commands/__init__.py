"""The commands of ``flywheel``, one module each, loaded when called."""
