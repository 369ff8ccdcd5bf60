#!/usr/bin/env python3
"""Compares our sensitivity indices with SALib's, on the same runs of the Ishigami function.

usage: check.py FILE      where FILE is what `cargo run -p probity-simulations --example ishigami`
                          printed; needs the packages of requirements.txt
"""

import json
import sys

import numpy as np
from SALib.analyze import morris, sobol
from scipy.stats import qmc

PROBLEM = {
    "num_vars": 3,
    "names": ["x1", "x2", "x3"],
    "bounds": [[-np.pi, np.pi]] * 3,
}
ANALYTIC = {"first": [0.31390519, 0.44241114, 0.0], "total": [0.55758886, 0.44241114, 0.24368366]}

failures = 0


def check(what, ours, theirs, tolerance):
    """Prints a comparison and counts it if it fails."""
    global failures
    off = abs(ours - theirs)
    fits = off <= tolerance
    failures += not fits
    print(f"{'ok  ' if fits else 'FAIL'} {what:<22} ours {ours: .9f}  theirs {theirs: .9f}  off {off:.1e}")


def values(effects, name):
    return [effect[name]["value"] for effect in effects]


documents = {document["kind"]: document for document in json.load(open(sys.argv[1]))}

pairs = documents["saltelli"]
results = np.array(pairs["results"])
theirs = sobol.analyze(PROBLEM, results, calc_second_order=False, num_resamples=1000, seed=1)
for name, key in [("first", "S1"), ("total", "ST")]:
    for axis in range(3):
        effect = pairs["effects"]["sobol"][axis][name]
        check(f"sobol {name} x{axis + 1}", effect["value"], float(theirs[key][axis]), 1e-9)
        check(f"sobol {name} x{axis + 1} exact", effect["value"], ANALYTIC[name][axis], 0.02)
        width = (effect["high"] - effect["low"]) / 2
        check(f"sobol {name} x{axis + 1} width", width, float(theirs[f"{key}_conf"][axis]), 0.01)

paths = documents["morris"]
points, results = np.array(paths["points"]), np.array(paths["results"])
theirs = morris.analyze(PROBLEM, points, results, num_levels=4, seed=1)
for name, key in [("mean", "mu"), ("size", "mu_star")]:
    for axis in range(3):
        effect = paths["effects"]["morris"][axis][name]
        check(f"morris {name} x{axis + 1}", effect["value"], float(theirs[key][axis]), 1e-9)
for axis in range(3):
    effect = paths["effects"]["morris"][axis]["deviation"]
    check(f"morris deviation x{axis + 1}", effect, float(theirs["sigma"][axis]), 1e-9)

# The points: moved by an exclusive-or, every aligned power of two still fills each dimension's
# slices, and its discrepancy is that of a Sobol net and not of random points.
whole = np.array(pairs["points"]).reshape(-1, 5, 3)
units = (np.concatenate([whole[:, 0], whole[:, 4]], axis=1) + np.pi) / (2 * np.pi)
net = qmc.discrepancy(units)
reference = qmc.discrepancy(qmc.Sobol(6, scramble=True, rng=1).random(len(units)))
chance = qmc.discrepancy(np.random.default_rng(1).random(units.shape))
print(f"discrepancy of {len(units)} points: ours {net:.2e}, scipy's Sobol {reference:.2e}, chance {chance:.2e}")
failures += not net < 4 * reference
failures += not net < chance / 4

print(f"{failures} comparisons failed")
sys.exit(failures != 0)
