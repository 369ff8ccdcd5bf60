"""Mesa: an agent for each validator."""

import mesa

from reference import LIARS, VALIDATORS, Measures, Settles, main


class Validator(Measures, mesa.Agent):
    def __init__(self, model, lies):
        super().__init__(model)
        self.begin(lies)


class Network(Settles, mesa.Model):
    def __init__(self, seed):
        super().__init__(seed=seed)
        self.chance = self.random
        self.validators = [Validator(self, number < LIARS) for number in range(VALIDATORS)]
        self.open()

    def all_do(self, what):
        self.agents.do(what)

    def step(self):
        self.settle()


def run(seed, epochs, runs):
    shares = []
    for number in range(runs):
        network = Network(seed + number)
        for _ in range(epochs):
            network.step()
        shares.append(network.share())
    return sum(shares) / runs


if __name__ == "__main__":
    main("mesa_agents", ["Mesa"], run)
