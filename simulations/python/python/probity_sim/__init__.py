"""Which attack pays: simulations under the very rules of the Probity network.

A config is a scenario as a dictionary of the shape that its TOML has (`tomllib.load` gives one). Seeds
and runs are those of the command line: the same seed gives the same numbers and the same state roots.
"""

import json

from . import _core

__all__ = ["run", "strategies", "sweep"]


def run(config, seed=None, replicate=0):
    """One run: a dictionary of its numbers, with its last `height` and its `state_root`."""
    values, height, root = _core.measure(json.dumps(config), _text(seed), replicate)
    return {**dict(values), "height": height, "state_root": root}


def sweep(config, params=(), *, seed=None, design="grid", samples=None, replicates=8, workers=0):
    """Many runs: a `pyarrow.Table` with a row for each, and the columns of `runs.csv`.

    `params` are settings and their values, as in "tasks.value=700,2000" or "group.pool.count=1..8:8".
    Numbers are not copied once more: the table stands on the simulator's own bytes.
    """
    import pyarrow as pa

    columns = _core.sweep(
        json.dumps(config), _text(seed), list(params), design, samples, replicates, workers)
    types = {"int64": pa.int64(), "float64": pa.float64()}
    arrays = {}
    for name, (kind, values) in columns.items():
        if kind == "text":
            arrays[name] = pa.array(values, pa.string())
        else:
            buffers = [None, pa.py_buffer(values)]
            arrays[name] = pa.Array.from_buffers(types[kind], len(values) // 8, buffers)
    return pa.table(arrays)


def strategies():
    """The names of all strategies."""
    return _core.strategies()


def _text(seed):
    return None if seed is None else str(seed)
