"""Environments for attackers that learn: what they come to is a lower bound of what an attack is worth.

In each epoch every learning group chooses one of some strategies; what it has begun before goes on under
the new one. The reward of an epoch is what an operator of the group gained in it, in costs of one
evaluation; the last one holds what the ledger still does to it afterwards, every slash included.
"""

import json

import gymnasium
import numpy as np
from pettingzoo import ParallelEnv

from . import _core

OBSERVED = (
    "share of the epochs that have passed",
    "gained so far, for an operator",
    "gained in the last epoch, for an operator",
    "slashed so far, for an operator",
    "seats so far, for an operator",
    "results so far, for an epoch",
    "share of results that are captured",
    "open tasks",
)


class AttackEnv(ParallelEnv):
    """All groups of a config that are not honest learn, or those that are named."""

    metadata = {"name": "probity_attack_v0", "render_modes": []}

    def __init__(self, config, agents=None, strategies=("honest", "lazy", "adaptive_cartel")):
        self._config, self._epochs = json.dumps(config), config.get("epochs", 10)
        self._strategies = tuple(strategies)
        unknown = set(self._strategies) - set(_core.strategies())
        if unknown:
            raise ValueError(f"there is no strategy {sorted(unknown)}")
        groups = _core.Game(self._config, None, 0).groups()
        self._place = {name: place for place, (name, _, _) in enumerate(groups)}
        self._count = {name: count for name, count, _ in groups}
        if agents is None:
            agents = [name for name, _, honest in groups if not honest]
        self.possible_agents = list(agents)
        missing = [name for name in self.possible_agents if name not in self._place]
        if missing or not self.possible_agents:
            raise ValueError(f"no group {missing} among {sorted(self._place)}")
        self.agents, self._game, self._episodes = [], None, 0
        self._spaces = {
            name: (
                gymnasium.spaces.Box(-np.inf, np.inf, (len(OBSERVED),), np.float64),
                gymnasium.spaces.Discrete(len(self._strategies)),
            )
            for name in self.possible_agents
        }
        self._seed = None

    def observation_space(self, agent):
        return self._spaces[agent][0]

    def action_space(self, agent):
        return self._spaces[agent][1]

    def reset(self, seed=None, options=None):
        """Begins again. A seed makes the episode the same each time; without one, each is another."""
        if seed is not None:
            self._seed, self._episodes = str(seed), 0
        self._game = _core.Game(self._config, self._seed, self._episodes)
        self._episodes += 1
        self.agents = list(self.possible_agents)
        self._before = {name: 0.0 for name in self.agents}
        return self._observe(), {name: {} for name in self.agents}

    def step(self, actions):
        chosen = [(name, self._strategies[int(actions[name])]) for name in self.agents]
        before = dict(self._before)
        more = self._game.step(chosen)
        observed = self._observe()
        rewards = {name: self._before[name] - before[name] for name in self.agents}
        ended = {name: not more for name in self.agents}
        cut = {name: False for name in self.agents}
        height_and_root = self._game.ended()
        infos = {name: {} for name in self.agents}
        if height_and_root:
            height, root = height_and_root
            infos = {name: {"height": height, "state_root": root} for name in self.agents}
            self.agents = []
        return observed, rewards, ended, cut, infos

    def _observe(self):
        (epoch, results, captured, tasks), payoffs, slashed, seats = self._game.standing()
        observed = {}
        for name in self.agents:
            place, count = self._place[name], self._count[name]
            gained = payoffs[place] / count
            observed[name] = np.array([
                min(epoch / self._epochs, 1.0), gained, gained - self._before[name],
                slashed[place] / count, seats[place] / count, results / max(epoch, 1),
                captured / max(results, 1), tasks,
            ], np.float64)
            self._before[name] = gained
        return observed


class AttackerEnv(gymnasium.Env):
    """One group learns, against a world that does not."""

    metadata = {"render_modes": []}

    def __init__(self, config, agent=None, strategies=("honest", "lazy", "adaptive_cartel")):
        self._all = AttackEnv(config, None if agent is None else [agent], strategies)
        self._agent = self._all.possible_agents[0]
        self._all.possible_agents = [self._agent]
        self.observation_space = self._all.observation_space(self._agent)
        self.action_space = self._all.action_space(self._agent)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        observed, infos = self._all.reset(seed)
        return observed[self._agent], infos[self._agent]

    def step(self, action):
        results = self._all.step({self._agent: action})
        return tuple(one[self._agent] for one in results)
