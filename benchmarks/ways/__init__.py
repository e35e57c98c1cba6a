"""One file per way. ``load(task)`` is not timed; ``steer``, ``read`` and ``slopes`` are, and their lines are counted.

All return the same numbers: log-odds [prompt multiplier] under "layer/direction", activations
[example layer d_model] under a prompt type, slopes [prompt] under "layer/direction".
"""
