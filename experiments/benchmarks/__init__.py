"""How fast the engine is, against its floor and against its rivals.

``agents`` and ``columns`` are the rivals: the laws of the core (``core``: M1-M8 and M23) as Mesa agents and as NumPy
columns, equal to the engine in law, against which its speed is measured.  ``flywheel bench`` runs this from a checkout.
"""
