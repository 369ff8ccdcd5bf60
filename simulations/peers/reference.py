"""The reference model's numbers, and how a script reports.

The model is that of simulations/src/speed.rs: a hundred validators measure ten models each epoch,
three in ten of them inflate three models, each score is the stake-weighted median, and who is within
the tolerance shares the epoch's reward in proportion to stake. The check value is the liars' share of
all stake at the end.
"""

import argparse
import json
import os
import time
from importlib.metadata import version

# One thread, or CPU time says nothing.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

VALIDATORS, LIARS, MODELS, INFLATED = 100, 30, 10, 3
NOISE, SHIFT, TOLERANCE = 10_000.0, 30_000.0, 25_000.0
STAKE, REWARD = 1e9, 1e8
TRUTH = [500_000.0 + 30_000.0 * number for number in range(MODELS)]


def weighted_median(pairs, total):
    """The least score at which half of the stake is reached, of pairs of score and stake."""
    reached = 0.0
    for score, stake in sorted(pairs):
        reached += stake
        if 2.0 * reached >= total:
            return score
    return 0.0


class Measures:
    """A validator of its own, as the frameworks with agents have one: mixed into their class of agents."""

    def begin(self, lies):
        self.lies, self.stake, self.accepted = lies, STAKE, 0
        self.scores = [0.0] * MODELS

    def measure(self):
        gauss = self.model.chance.gauss
        for number, truth in enumerate(TRUTH):
            score = truth + gauss(0.0, NOISE)
            if self.lies and number < INFLATED:
                score += SHIFT
            self.scores[number] = score

    def compare(self):
        self.accepted = sum(
            abs(score - median) <= TOLERANCE
            for score, median in zip(self.scores, self.model.medians))

    def earn(self):
        self.stake += REWARD * self.stake * self.accepted / self.model.weighed


class Settles:
    """What happens between the agents, mixed into a framework's class of models; `validators` are its
    agents and `all_do` lets each of them do something."""

    def open(self):
        self.medians, self.weighed = [0.0] * MODELS, 1.0

    def settle(self):
        self.all_do("measure")
        total = sum(one.stake for one in self.validators)
        for number in range(MODELS):
            pairs = [(one.scores[number], one.stake) for one in self.validators]
            self.medians[number] = weighted_median(pairs, total)
        self.all_do("compare")
        self.weighed = sum(one.stake * one.accepted for one in self.validators)
        self.all_do("earn")

    def share(self):
        stakes = [one.stake for one in self.validators]
        return sum(stakes[:LIARS]) / sum(stakes)


def main(name, packages, run):
    """Runs `run(seed, epochs, runs)`, which gives a check value, and prints one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begun = time.process_time()
    check = run(given.seed, given.epochs, given.runs)
    spent = time.process_time() - begun
    print(json.dumps({
        "name": name,
        "versions": {package: version(package) for package in packages},
        "agent_steps": VALIDATORS * given.epochs * given.runs,
        "cpu_seconds": spent,
        "check": check,
    }))
