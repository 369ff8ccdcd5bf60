"""Mesa: an agent for each validator."""

import mesa

from reference import (INFLATED, LIARS, MODELS, NOISE, REWARD, SHIFT, STAKE, TOLERANCE, TRUTH,
                       VALIDATORS, main, weighted_median)


class Validator(mesa.Agent):
    def __init__(self, model, lies):
        super().__init__(model)
        self.lies, self.stake, self.accepted = lies, STAKE, 0
        self.scores = [0.0] * MODELS

    def measure(self):
        gauss = self.model.random.gauss
        for number, truth in enumerate(TRUTH):
            score = truth + gauss(0.0, NOISE)
            if self.lies and number < INFLATED:
                score += SHIFT
            self.scores[number] = score

    def compare(self):
        medians = self.model.medians
        self.accepted = sum(
            abs(score - median) <= TOLERANCE for score, median in zip(self.scores, medians))

    def earn(self):
        self.stake += REWARD * self.stake * self.accepted / self.model.weighed


class Network(mesa.Model):
    def __init__(self, seed):
        super().__init__(seed=seed)
        self.validators = [Validator(self, number < LIARS) for number in range(VALIDATORS)]
        self.medians, self.weighed = [0.0] * MODELS, 1.0

    def step(self):
        self.agents.do("measure")
        total = sum(one.stake for one in self.validators)
        for number in range(MODELS):
            pairs = [(one.scores[number], one.stake) for one in self.validators]
            self.medians[number] = weighted_median(pairs, total)
        self.agents.do("compare")
        self.weighed = sum(one.stake * one.accepted for one in self.validators)
        self.agents.do("earn")


def run(seed, epochs, runs):
    shares = []
    for number in range(runs):
        network = Network(seed + number)
        for _ in range(epochs):
            network.step()
        stakes = [one.stake for one in network.validators]
        shares.append(sum(stakes[:LIARS]) / sum(stakes))
    return sum(shares) / runs


if __name__ == "__main__":
    main("mesa_agents", ["Mesa"], run)
