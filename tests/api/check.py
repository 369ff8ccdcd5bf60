#!/usr/bin/env python3
"""Holds live answers of a network against the description of its API.

    check.py --probity PROGRAM [--url URL] [--examples N]

Starts the demonstration with `--serve`, so that there is something behind every route, unless URL
names a network that runs already. The description is taken from the node, and what the network has
(a task, a model, a referendum) is put into it as examples; schemathesis then asks every route for
these, for what the description allows, and for what it does not, and checks each answer. Streams of
events are left out: they do not end. Loopback only, in bounded time, with one seed.
"""

import argparse
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

# How long the demonstration and the whole of the asking may take, in seconds.
DEMO_SECONDS = 300
ASKING_SECONDS = 420
SEED = "1"

# What the description cannot say is left unchecked: a cursor is any word, and which of them lead
# on in a list is the list's own matter, as is which of all identifiers are somebody's.
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,response_headers_conformance,negative_data_rejection,"
    "unsupported_method,use_after_free,ensure_resource_availability"
)


def get(url):
    """The JSON document at an address."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.load(answer)


class Demo:
    """A demonstration whose network stays up."""

    def __init__(self, program, folder):
        self.talk = pathlib.Path(folder) / "talk"
        self.said = pathlib.Path(folder) / "said"
        arguments = [program, "demo", "--serve", "--home", str(pathlib.Path(folder) / "home")]
        with open(self.talk, "wb") as talk, open(self.said, "wb") as said:
            self.process = subprocess.Popen(arguments, stdout=said, stderr=talk)

    def url(self):
        """Where its pages and its API are, once it says so."""
        until = time.monotonic() + DEMO_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            said = self.said.read_text(encoding="utf-8") + self.talk.read_text(encoding="utf-8")
            lines = [line.strip() for line in said.splitlines()]
            found = [line for line in lines if line.startswith("http://127.0.0.1:")]
            if found and "The network stays up" in said:
                return found[-1]
            time.sleep(0.5)
        sys.stderr.write(self.talk.read_text(encoding="utf-8")[-4_000:])
        sys.exit("the demonstration did not come to its end")

    def end(self):
        """Ends it as its user would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=60)


def examples(api):
    """Something that the network has, by the path or the parameter that it belongs to."""

    def first(path):
        return get(f"{api}{path}")["data"][0]

    result, referendum = first("/results?limit=1"), first("/referenda?limit=1")
    model, operator = first("/artifacts?kind=model&limit=1"), first("/operators?limit=1")
    blocks = get(f"{api}/blocks?limit=100")["data"]
    heights = [block["header"]["height"] for block in blocks]
    txs = [tx for height in heights for tx in get(f"{api}/blocks/{height}")["data"]["txs"]]
    account = model["artifact"]["owner"]
    dispute = first("/disputes?limit=1")
    return {
        ("/artifacts/{id}", "id"): model["id"],
        ("/tasks/{id}", "id"): result["task"],
        ("/operators/{id}", "id"): operator["id"],
        ("/operators/{id}/rewards", "id"): operator["id"],
        ("/referenda/{id}", "id"): referendum["id"],
        ("/referenda/{id}/votes", "id"): referendum["id"],
        ("/referenda/{id}/votes.csv", "id"): referendum["id"],
        ("/referenda/{id}/positions/{account}", "id"): referendum["id"],
        ("/disputes/{id}", "id"): dispute["id"],
        "task": result["task"],
        "operator": operator["id"],
        "address": account,
        "account": account,
        "owner": account,
        "to": account,
        "artifact": result["outcome"]["artifact"],
        "benchmark": result["outcome"]["benchmark"],
        "format": "csv",
        "height": heights[0],
        "hash": txs[0]["hash"] if txs and "hash" in txs[0] else None,
    }


def with_examples(document, known):
    """The description with what the network has as its parameters' examples."""
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in operation["parameters"]:
                name = parameter["name"]
                value = known.get((path, name), known.get(name))
                if value is not None:
                    parameter["example"] = value
    return document


def ask(program, url, most):
    """Runs schemathesis; gives its exit code."""
    api = f"{url}/api/v1"
    document = with_examples(get(f"{api}/openapi.json"), examples(api))
    with tempfile.TemporaryDirectory() as folder:
        description = pathlib.Path(folder) / "openapi.json"
        description.write_text(json.dumps(document), encoding="utf-8")
        arguments = [
            program, "run", str(description), "--url", api, "--checks", CHECKS,
            "--phases", "examples,coverage,fuzzing", "--max-examples", str(most),
            "--seed", SEED, "--generation-deterministic", "--request-timeout", "20",
            "--exclude-path", "/events", "--no-color", "--continue-on-failure",
        ]
        try:
            return subprocess.run(arguments, cwd=folder, timeout=ASKING_SECONDS, check=False).returncode
        except subprocess.TimeoutExpired:
            sys.stderr.write(f"not through within {ASKING_SECONDS} s\n")
            return 1


def main():
    """Reads the arguments and checks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--probity", default="target/release/probity")
    parser.add_argument("--url")
    parser.add_argument("--examples", type=int, default=25)
    given = parser.parse_args()
    tool = pathlib.Path(sys.executable).with_name("schemathesis")
    if given.url:
        return ask(str(tool), given.url.rstrip("/"), given.examples)
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(given.probity, folder)
        try:
            return ask(str(tool), demo.url(), given.examples)
        finally:
            demo.end()


if __name__ == "__main__":
    sys.exit(main())
