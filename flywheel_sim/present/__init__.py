"""Figures, tables and the report: they draw what ``results`` holds and compute nothing that is not drawn."""
