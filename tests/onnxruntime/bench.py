#!/usr/bin/env python3
"""Times onnxruntime on the digits models with one thread and prints one JSON document.

    bench.py [--milliseconds N] [--harness PROGRAM]

For each model: items per second of processor time, one image at a time (`single`, with bound
inputs and outputs, so that the cost of Python per call is small) and all images at once (`whole`).
With --harness the program `probity-harness bench` is timed between two runs of onnxruntime on each
model, and `ratio` is how many times as fast onnxruntime is: below 2 is the target.
"""

import argparse
import json
import subprocess
import time

import onnxruntime as ort

import digits


def rate(run, items, milliseconds):
    run()
    count, start, spent_before = 0, time.perf_counter(), time.thread_time()
    while time.perf_counter() - start < milliseconds / 1000:
        run()
        count += items
    return int(count / (time.thread_time() - spent_before))


def single(session, pixels, milliseconds):
    """Each image in turn, its value made beforehand, its output in memory that is bound once."""
    values = [ort.OrtValue.ortvalue_from_numpy(pixels[i : i + 1]) for i in range(len(pixels))]
    binding = session.io_binding()
    binding.bind_output("logits", "cpu")

    def run():
        for value in values:
            binding.bind_ortvalue_input("pixels", value)
            session.run_with_iobinding(binding)

    return rate(run, len(pixels), milliseconds)


def whole(session, pixels, milliseconds):
    return rate(lambda: session.run(["logits"], {"pixels": pixels}), len(pixels), milliseconds)


def onnxruntime(name, pixels, milliseconds):
    session = digits.session(digits.model_path(name))
    return {
        "single": single(session, pixels, milliseconds),
        "whole": whole(session, pixels, milliseconds),
    }


def harness(program, name, milliseconds):
    command = [
        program, "bench",
        str(digits.FIXTURES / "digits.toml"),
        str(digits.model_path(name)),
        str(digits.FIXTURES / "digits_test.jsonl"),
        "--milliseconds", str(milliseconds),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--milliseconds", type=int, default=500)
    parser.add_argument("--harness")
    arguments = parser.parse_args()
    pixels, _ = digits.images()
    document = {"onnxruntime": ort.__version__, "threads": 1, "items": len(pixels), "models": {}}
    for name in digits.MODELS:
        before = onnxruntime(name, pixels, arguments.milliseconds)
        entry = {"onnxruntime": before}
        if arguments.harness:
            ours = harness(arguments.harness, name, arguments.milliseconds)
            after = onnxruntime(name, pixels, arguments.milliseconds)
            theirs = {kind: (before[kind] + after[kind]) // 2 for kind in before}
            ratio = {kind: round(theirs[kind] / max(ours[kind], 1), 2) for kind in theirs}
            entry = {"onnxruntime": theirs, "probity": ours, "ratio": ratio}
        document["models"][f"digits_{name}"] = entry
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
