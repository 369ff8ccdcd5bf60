"""AgentPy: an agent for each validator."""

import random

import agentpy

from reference import (INFLATED, LIARS, MODELS, NOISE, REWARD, SHIFT, STAKE, TOLERANCE, TRUTH,
                       VALIDATORS, main, weighted_median)


class Validator(agentpy.Agent):
    def setup(self):
        self.lies, self.stake, self.accepted = False, STAKE, 0
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


class Network(agentpy.Model):
    def setup(self):
        self.chance = random.Random(self.p.number)
        self.validators = agentpy.AgentList(self, VALIDATORS, Validator)
        for validator in list(self.validators)[:LIARS]:
            validator.lies = True
        self.medians, self.weighed = [0.0] * MODELS, 1.0

    def step(self):
        self.validators.measure()
        total = sum(one.stake for one in self.validators)
        for number in range(MODELS):
            pairs = [(one.scores[number], one.stake) for one in self.validators]
            self.medians[number] = weighted_median(pairs, total)
        self.validators.compare()
        self.weighed = sum(one.stake * one.accepted for one in self.validators)
        self.validators.earn()

    def end(self):
        stakes = [one.stake for one in self.validators]
        self.report("share", sum(stakes[:LIARS]) / sum(stakes))


def run(seed, epochs, runs):
    shares = []
    for number in range(runs):
        network = Network({"steps": epochs, "number": seed + number})
        shares.append(float(network.run(display=False).reporters["share"].iloc[0]))
    return sum(shares) / runs


if __name__ == "__main__":
    main("agentpy_agents", ["agentpy"], run)
