"""Design of experiments: study files, the points they ask for, and sweeps over them."""
