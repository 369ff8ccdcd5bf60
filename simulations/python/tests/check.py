#!/usr/bin/env python3
"""Holds the wheel against the program: the same seed, the same numbers, the same roots.

usage: check.py PROBITY SCENARIO      the program, and a scenario; run where probity_sim is installed
"""

import csv
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import probity_sim

probity, scenario = sys.argv[1:3]
config = tomllib.loads(Path(scenario).read_text())
config["epochs"] = 3
count = 0


def holds(what, fact):
    global count
    count += 1
    print(("ok   " if fact else "FAIL ") + what)
    if not fact:
        sys.exit(1)


def same(one, other):
    """A number as a CSV file has it, and as a table has it."""
    return one == other or float(one) == float(other)


with tempfile.TemporaryDirectory() as place:
    small = Path(place) / "small.toml"
    text = Path(scenario).read_text()
    small.write_text("\n".join(
        "epochs = 3" if line.startswith("epochs") else line for line in text.splitlines()))
    out = Path(place) / "out"
    subprocess.run(
        [probity, "-q", "sim", "sweep", small, "--param", "tasks.value=700,2000", "--replicates", "2",
         "--seed", "both", "--out", out], check=True, stdout=subprocess.DEVNULL)
    rows = list(csv.DictReader((out / "runs.csv").open()))

table = probity_sim.sweep(config, ["tasks.value=700,2000"], seed="both", replicates=2, workers=2)
holds("a sweep has as many runs", table.num_rows == len(rows) == 4)
holds("and the columns of runs.csv", ["run_id", *table.column_names] == list(rows[0]))
for name in table.column_names:
    values = table[name].to_pylist()
    holds(f"column {name} is the same",
          all(same(row[name], value if isinstance(value, str) else repr(value))
              for row, value in zip(rows, values)))
config["tasks"] = {**config.get("tasks", {}), "value": 2000}
once = probity_sim.run(config, "both", replicate=1)
holds("a run has the program's root", once["state_root"] == rows[3]["state_root"])
holds("and its numbers", all(same(rows[3][name], repr(value)) for name, value in once.items()
                             if name != "state_root"))
alone, several = (
    probity_sim.sweep(config, ["group.cartel.stake=20000..60000"], design="sobol", samples=2, replicates=1,
                      workers=workers)
    for workers in (1, 3))
holds("threads change nothing", alone.equals(several) and alone.num_rows == 2)


def refuses(what, words, call):
    """Holds that a call is refused in these words."""
    try:
        call()
        holds(what, False)
    except ValueError as error:
        holds(what, words in str(error))


refuses("an unknown key is refused with the nearest one", "did you mean `epochs`",
        lambda: probity_sim.run({**config, "epoks": 3}))
refuses("a group of nobody is refused", "zero agents",
        lambda: probity_sim.run({**config, "group": [{**config["group"][0], "count": 0}]}))
refuses("a design that is none is refused", "gird", lambda: probity_sim.sweep(config, design="gird"))

from gymnasium.utils.env_checker import check_env
from pettingzoo.test import parallel_api_test, parallel_seed_test

from probity_sim.learn import AttackEnv, AttackerEnv

parallel_api_test(AttackEnv(config), num_cycles=8)
parallel_seed_test(lambda: AttackEnv(config), num_cycles=8)
holds("PettingZoo accepts the parallel environment", True)
check_env(AttackerEnv(config), skip_render_check=True)
holds("Gymnasium accepts the environment of one attacker", True)


def play(strategy, seed="both"):
    env = AttackEnv(config, strategies=("honest", "lazy", strategy))
    env.reset(seed=seed)
    total, infos = 0.0, {}
    while env.agents:
        _, rewards, _, _, infos = env.step({name: 2 for name in env.agents})
        total += sum(rewards.values())
    return total, infos


refuses("a strategy that is none is refused", "honset",
        lambda: AttackEnv(config, strategies=("honset",)))
refuses("a group that is none is refused", "nobody", lambda: AttackEnv(config, agents=["nobody"]))
itself = config["group"][1]["strategy"]
_, infos = play(itself)
once = probity_sim.run(config, "both")
ends = {(info["height"], info["state_root"]) for info in infos.values()}
holds("who does what its group did anyway comes to the run's root", ends == {(once["height"], once["state_root"])})
first, infos = play("adaptive_cartel")
holds("an episode is the same each time", (first, infos) == play("adaptive_cartel"))
holds("guessing loses to working", play("lazy")[0] < play("honest")[0])
print(f"{count} facts hold")
