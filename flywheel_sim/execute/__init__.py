"""Where runs happen, and the store they land in.

``run`` is one run or a batch in memory.  A design of many runs goes through three rooms: ``store`` (a folder that
survives every kind of end), ``drive`` (chunks, window, progress, interruption) and ``engines`` (threads, processes,
Dask, or any ``concurrent.futures.Executor``).  A worker knows ``chunk`` alone.
"""
