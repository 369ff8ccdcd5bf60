"""AgentPy: an agent for each validator."""

import random

import agentpy

from reference import LIARS, VALIDATORS, Measures, Settles, main


class Validator(Measures, agentpy.Agent):
    def setup(self):
        self.begin(False)


class Network(Settles, agentpy.Model):
    def setup(self):
        self.chance = random.Random(self.p.number)
        self.validators = agentpy.AgentList(self, VALIDATORS, Validator)
        for validator in list(self.validators)[:LIARS]:
            validator.lies = True
        self.open()

    def all_do(self, what):
        getattr(self.validators, what)()

    def step(self):
        self.settle()

    def end(self):
        self.report("share", self.share())


def run(seed, epochs, runs):
    shares = []
    for number in range(runs):
        network = Network({"steps": epochs, "number": seed + number})
        shares.append(float(network.run(display=False).reporters["share"].iloc[0]))
    return sum(shares) / runs


if __name__ == "__main__":
    main("agentpy_agents", ["agentpy"], run)
