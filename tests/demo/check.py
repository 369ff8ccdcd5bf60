#!/usr/bin/env python3
"""Holds a demonstration's document against what must be true of it.

    check.py --probity PROGRAM FILE     FILE is a `probity.demo/v1` document.

Scores are those of fixtures/digits/expected.json to the last micro-unit; exactly one operator is
slashed, for a false transcript; the nodes' state roots are equal; money is conserved; every
certificate verifies without the network, and none does with a byte changed. Prints a line for each
check, and exits with 1 if any failed.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "digits"
MODELS = 6
NODES = 4
VERIFICATION_FAILED = 8


class Checks:
    """Counts what held and what did not."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def that(self, holds, what):
        self.passed += bool(holds)
        self.failed += not holds
        print(f"{'  ok  ' if holds else 'FAILED'} {what}")


def check_scores(checks, document):
    expected = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))
    found = {result["model"]: result["score"] for result in document["results"]}
    checks.that(set(found) == set(expected), f"the models with a score are {sorted(found)}")
    for model, answers in expected.items():
        score = answers["correct"] * 1_000_000 // answers["of"]
        checks.that(found.get(model) == score, f"{model}: {found.get(model)}, exactly {score}")


def check_network(checks, document):
    slashed = {slash["name"] for slash in document["slashes"]}
    checks.that(len(slashed) == 1, f"one operator is slashed: {sorted(slashed)}")
    offences = {slash["offence"] for slash in document["slashes"]}
    checks.that(offences == {"O4"}, f"the offence is a false transcript: {sorted(offences)}")
    honest = [one for one in document["operators"] if one["name"] not in slashed]
    poorer = [one["name"] for one in honest if int(one["after"]) < int(one["before"])]
    checks.that(not poorer, f"nobody else has lost anything: {poorer}")
    roots = document["state_roots"]
    checks.that(len(roots) == NODES and len(set(roots)) == 1, f"{len(roots)} equal state roots")
    total = document["conservation"]
    checks.that(total["sum"] == total["expected"], f"all buckets hold {total['sum']} units")


def verify(program, path, genesis):
    command = [program, "result", "verify", str(path), "--genesis-hash", genesis]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode


def check_certificates(checks, program, document):
    genesis = document["chain"]["genesis_hash"]
    certificates = document["certificates"]
    checks.that(len(certificates) == MODELS, f"{len(certificates)} certificates")
    with tempfile.TemporaryDirectory() as folder:
        for certificate in certificates:
            path, model = pathlib.Path(certificate["path"]), certificate["model"]
            code = verify(program, path, genesis)
            checks.that(code == 0, f"{model}: the certificate verifies offline (exit {code})")
            forged = pathlib.Path(folder) / "forged.json"
            forged.write_bytes(flipped(path.read_bytes()))
            code = verify(program, forged, genesis)
            what = f"{model}: one flipped bit is refused (exit {code})"
            checks.that(code == VERIFICATION_FAILED, what)
        code = verify(program, certificates[0]["path"], "00" * 32)
        checks.that(code == VERIFICATION_FAILED, f"another network's genesis is refused ({code})")


def flipped(data):
    """The same file with the lowest bit of one byte, in the middle of a hash, changed."""
    key = b'"state_root":'
    at = data.index(b'"', data.index(key) + len(key)) + 20
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--probity", required=True)
    arguments = parser.parse_args()
    document = json.loads(pathlib.Path(arguments.file).read_text(encoding="utf-8"))
    checks = Checks()
    checks.that(document["schema"] == "probity.demo/v1", f"the schema is {document['schema']}")
    check_scores(checks, document)
    check_network(checks, document)
    check_certificates(checks, arguments.probity, document)
    print(f"the demonstration took {document['elapsed_ms'] / 1000:.1f} s")
    print(f"{checks.passed} passed, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
