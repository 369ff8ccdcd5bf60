"""cadCAD, with policies that call numpy."""

import contextlib
import io

from reference import STAKE, VALIDATORS, main

import numpy
from cadCAD.configuration import Experiment
from cadCAD.configuration.utils import config_sim
from cadCAD.engine import ExecutionContext, ExecutionMode, Executor

from vectorised import accepted, measure, paid, share


def run(seed, epochs, runs):
    shares = []
    for number in range(runs):
        chance = numpy.random.default_rng(seed + number)

        def report(params, substep, history, state):
            return {"counts": accepted(measure(chance), state["stakes"])}

        def stakes(params, substep, history, state, signal):
            return "stakes", paid(state["stakes"], signal["counts"])

        experiment = Experiment()
        experiment.append_model(
            model_id="reference",
            sim_configs=config_sim({"N": 1, "T": range(epochs), "M": {"unused": [0]}}),
            initial_state={"stakes": numpy.full(VALIDATORS, STAKE)},
            partial_state_update_blocks=[
                {"policies": {"report": report}, "variables": {"stakes": stakes}},
            ],
        )
        context = ExecutionContext(context=ExecutionMode().single_mode)
        # It prints a banner that nobody can switch off.
        with contextlib.redirect_stdout(io.StringIO()):
            records, _, _ = Executor(exec_context=context, configs=experiment.configs).execute()
        shares.append(share(records[-1]["stakes"]))
    return sum(shares) / runs


if __name__ == "__main__":
    main("cadcad_numpy", ["cadCAD", "numpy"], run)
