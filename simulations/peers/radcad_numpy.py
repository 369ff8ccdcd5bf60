"""radCAD, with policies that call numpy; states are not copied, which is its fast way."""

from reference import STAKE, VALIDATORS, main

import numpy
from radcad import Engine, Model, Simulation
from radcad.engine import Backend

from vectorised import accepted, measure, paid, share


def run(seed, epochs, runs):
    shares = []
    for number in range(runs):
        chance = numpy.random.default_rng(seed + number)
        model = Model(
            initial_state={"stakes": numpy.full(VALIDATORS, STAKE)},
            state_update_blocks=[{
                "policies": {
                    "report": lambda params, substep, history, state, **_: {
                        "counts": accepted(measure(chance), state["stakes"])},
                },
                "variables": {
                    "stakes": lambda params, substep, history, state, signal, **_: (
                        "stakes", paid(state["stakes"], signal["counts"])),
                },
            }],
            params={},
        )
        simulation = Simulation(model=model, timesteps=epochs, runs=1)
        simulation.engine = Engine(backend=Backend.SINGLE_PROCESS, deepcopy=False)
        shares.append(share(simulation.run()[-1]["stakes"]))
    return sum(shares) / runs


if __name__ == "__main__":
    main("radcad_numpy", ["radcad", "numpy"], run)
