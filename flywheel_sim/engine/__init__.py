"""The compiled week: state, tables and luck; tick.py is the page to begin with."""
