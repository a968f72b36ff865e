"""One schema block per mechanism; file, kernel and test of a mechanism share a name."""
