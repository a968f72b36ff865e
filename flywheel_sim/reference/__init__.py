"""Readable doubles of the engine.

``twin`` is the whole week again in plain Python, equal to the engine to the bit.  ``agents`` and ``columns`` are its
rivals: the laws of the core (``core``: M1-M8 and M23) as Mesa agents and as NumPy columns, equal to the engine in law,
against which its speed is measured.
"""
