"""Speed and memory of the workbench beside the plain way and beside peers: ``make bench``.

===========  ==================================================================================
``tasks``    the rows: what is asked of every way, and which part of it a slow way is timed on
``ways/``    one file per way of doing it; its functions are the user's code that is counted
``measure``  one process per way: CPU seconds, wall time and peak memory of each repetition
``table``    ratios with their spread, as CSV and Markdown, with the machine's description
``growth``   cost against prompts, layers, multipliers and length
``scale``    cost and memory of larger models, computed from the measured unit costs
===========  ==================================================================================
"""
