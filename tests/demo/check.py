#!/usr/bin/env python3
"""Holds a demonstration's document against what must be true of it.

    check.py --probity PROGRAM FILE     FILE is a `probity.demo/v1` document.

Scores are those of fixtures/digits/expected.json to the last micro-unit, also the one that a ring of
bribed operators had captured until a dispute; slashed are the one liar of the first evaluations and
the ring, and nobody else; the holders' votes ended as they should; the nodes' state roots are equal;
money is conserved, and that of each dispute too; every certificate verifies without the network, and
none does with a byte changed. Prints a line for each check, and exits with 1 if any failed.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "digits"
EVALUATIONS = 7
NODES = 4
MAX_SECONDS = 150
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
    models = {result["model"] for result in document["results"]}
    checks.that(models == set(expected), f"the models with a score are {sorted(models)}")
    checks.that(len(document["results"]) == EVALUATIONS, f"{len(document['results'])} results")
    for result in document["results"]:
        answers = expected[result["model"]]
        score = answers["correct"] * 1_000_000 // answers["of"]
        what = f"{result['model']}: {result['score']}, exactly {score}, {result['state']}"
        checks.that(result["score"] == score and result["state"] == "final", what)


def check_slashes(checks, document):
    ring = set(document["ring"])
    offences = {}
    for slash in document["slashes"]:
        offences.setdefault(slash["name"], set()).add(slash["offence"])
    liars = {name for name in offences if name not in ring}
    checks.that(len(liars) == 1, f"besides the ring one operator is slashed: {sorted(liars)}")
    for name in sorted(liars):
        found = offences[name]
        checks.that("O4" in found and found <= {"O4", "correlated"}, f"{name}: {sorted(found)}")
    checks.that(len(ring) > 1, f"the ring is {sorted(ring)}")
    for name in sorted(ring):
        found = offences.get(name, set())
        checks.that({"O6", "correlated"} <= found, f"{name}, of the ring: {sorted(found)}")
    honest = [one for one in document["operators"] if one["name"] not in offences]
    poorer = [one["name"] for one in honest if int(one["after"]) < int(one["before"])]
    checks.that(not poorer, f"nobody else has lost anything: {poorer}")
    for one in document["operators"]:
        if one["name"] in ring:
            lost = 1 - int(one["after"]) / int(one["before"])
            checks.that(lost > 0.01, f"{one['name']} has lost {lost:.1%} of its stake")


def check_network(checks, document):
    roots = document["state_roots"]
    checks.that(len(roots) == NODES and len(set(roots)) == 1, f"{len(roots)} equal state roots")
    total = document["conservation"]
    checks.that(total["sum"] == total["expected"], f"all buckets hold {total['sum']} units")
    seconds = document["elapsed_ms"] / 1000
    checks.that(seconds < MAX_SECONDS, f"{seconds:.1f} s of {MAX_SECONDS}")


def check_disputes(checks, document):
    disputes = document["disputes"]
    checks.that(len(disputes) == 1, f"{len(disputes)} dispute")
    corrected = {one["task"]: one for one in document["results"] if one["corrected_from"]}
    for dispute in disputes:
        levels, settled = dispute["levels"], dispute["settled"]
        challenger = dispute["challenger"]
        honest = challenger in {one["name"] for one in document["operators"]} - set(document["ring"])
        checks.that(honest, f"an honest operator opened it: {challenger}")
        rulings = [level["ruling"] for level in levels]
        checks.that(rulings == ["overturn", "overturn"], f"the juries say {rulings}")
        seats = [level["seats"] for level in levels]
        checks.that(len(seats) == 2 and seats[0] < seats[1], f"the second is larger: {seats}")
        seated = {name for level in levels for name in level["jurors"]}
        checks.that(not seated & set(document["ring"]), "nobody of the ring is a juror")
        checks.that(dispute["ruling"] == "overturn", f"finally: {dispute['ruling']}")
        put_up = sum(int(level["challenger"]) + int(level["defender"]) for level in levels)
        out = sum(int(settled[part]) for part in ("returned", "jurors", "burned"))
        staked = int(settled["staked"])
        checks.that(put_up == staked == out, f"put up {put_up}, staked {staked}, paid out {out}")
        result = corrected.get(dispute["task"])
        was, now = (result["corrected_from"], result["score"]) if result else (None, None)
        checks.that(was == 1_000_000 and was != now, f"the score was {was} and is {now}")
    says = document["superseded"]["says"]
    checks.that("no longer stands" in says, f"the old certificate: {says}")


def check_referenda(checks, document):
    outcomes = {vote["track"]: vote["outcome"] for vote in document["referenda"]}
    expected = {
        "root": "cancelled",
        "cancel": "enacted",
        "supply": "enacted",
        "large_spend": "rejected",
    }
    checks.that(outcomes == expected, f"the votes: {outcomes}")
    for vote in document["referenda"]:
        approval, support = vote["approval"] / 10_000, vote["support"] / 10_000
        enacted = vote["enacted_at"]
        holds = (enacted is not None) == (vote["outcome"] == "enacted")
        what = f"{vote['track']}: {approval:.2f} % of {support:.2f} %, in effect from {enacted}"
        checks.that(holds, what)


def verify(program, path, genesis):
    command = [program, "result", "verify", str(path), "--genesis-hash", genesis]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode


def check_certificates(checks, program, document):
    genesis = document["chain"]["genesis_hash"]
    certificates = document["certificates"]
    checks.that(len(certificates) == EVALUATIONS, f"{len(certificates)} certificates")
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
        old = document["superseded"]["path"]
        code = verify(program, old, genesis)
        checks.that(code == 0, f"the superseded certificate holds for its time (exit {code})")
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
    check_slashes(checks, document)
    check_disputes(checks, document)
    check_referenda(checks, document)
    check_network(checks, document)
    check_certificates(checks, arguments.probity, document)

    print(f"{checks.passed} passed, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
