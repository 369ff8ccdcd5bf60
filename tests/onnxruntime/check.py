#!/usr/bin/env python3
"""Compares scores with the exact accuracy that onnxruntime gives on the same data.

    check.py FILE..      FILE is a `probity.demo/v1` or a `probity.eval/v1` document; - is stdin.
    check.py --probity PROGRAM     runs `PROGRAM eval run` on each of the six models, compares, and
                                   holds its transcript roots against golden.json.

A score is right if it equals floor(right * 10^6 / images). Exits with 1 on any difference, on a
document with nothing to compare, and on a demo that does not score every model.
"""

import argparse
import json
import subprocess
import sys

import digits


def expected_scores():
    pixels, labels = digits.images()
    scores = {}
    for name in digits.MODELS:
        right = digits.right_answers(digits.model_path(name), pixels, labels)
        scores[f"digits_{name}"] = right * 1_000_000 // len(labels)
    return scores


def model_of(text, scores):
    """The fixture that a demo's model name means: `digits_mlp16`, `mlp16` or `digits-mlp16`."""
    plain = text.lower().replace("-", "_")
    return next((model for model in scores if plain in (model, model.removeprefix("digits_"))), None)


def scores_of_demo(document, scores):
    found = {}
    for result in document["results"]:
        model = model_of(result["model"], scores)
        if model is None:
            sys.exit(f"no fixture is the model {result['model']!r}")
        found[model] = result["score"]
    missing = sorted(set(scores) - set(found))
    if missing:
        sys.exit(f"the demo has no score for {', '.join(missing)}")
    return found


def scores_of_eval(document, hashes):
    """An evaluation names its model by the file's BLAKE3."""
    model = hashes.get(document["model"]["hash"])
    if model is None:
        sys.exit(f"no fixture is the model {document['model']['hash']}")
    return {model: document["score"]}


def golden():
    with open(digits.FIXTURES / "golden.json", encoding="utf-8") as file:
        return json.load(file)


def model_hashes():
    return {entry["model"]: model for model, entry in golden().items()}


def check_roots(model, document):
    """The roots that debug builds give must be those of this build, on the same instructions."""
    if document["engine"]["instructions"] != "x86_64+fma":
        return
    for root in ("answers_root", "attachments_root"):
        if document[root] != golden()[model][root]:
            sys.exit(f"{model}: {root} is {document[root]}, golden.json has {golden()[model][root]}")


def read(path):
    with sys.stdin if path == "-" else open(path, encoding="utf-8") as file:
        return json.load(file)


def evaluate(program, name):
    """The score that the command line gives; the model is known here, whatever the machine."""
    command = [
        program, "eval", "run",
        "--benchmark", str(digits.FIXTURES / "digits.toml"),
        "--model", str(digits.model_path(name)),
        "--dataset", str(digits.FIXTURES / "digits_test.jsonl"),
        "--output", "json",
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    document = json.loads(done.stdout)
    check_roots(f"digits_{name}", document)
    return {f"digits_{name}": document["score"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*")
    parser.add_argument("--probity")
    arguments = parser.parse_args()
    expected = expected_scores()
    found = []
    for path in arguments.files:
        document = read(path)
        if document["schema"] == "probity.demo/v1":
            found.append(scores_of_demo(document, expected))
        elif document["schema"] == "probity.eval/v1":
            found.append(scores_of_eval(document, model_hashes()))
        else:
            sys.exit(f"{path} is a {document['schema']}, not a demo or an evaluation")
    if arguments.probity:
        found += [evaluate(arguments.probity, name) for name in digits.MODELS]
    if not found:
        sys.exit("nothing to compare: give documents or --probity PROGRAM")
    wrong = 0
    for scores in found:
        for model, score in scores.items():
            same = score == expected[model]
            wrong += not same
            verdict = "equal" if same else "DIFFERENT"
            print(f"{model:16} probity {score:7} onnxruntime {expected[model]:7} {verdict}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
