"""The digits fixtures as onnxruntime sees them: sessions with one thread, and the test images."""

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "digits"
MODELS = ["bad", "centroid", "logreg", "mlp16", "mlp256", "cnn"]


def model_path(name):
    return FIXTURES / f"digits_{name}.onnx"


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def images():
    """Pixels as the benchmark shows them (1/16, single precision) and labels, by ascending id."""
    with open(FIXTURES / "digits_test.jsonl", encoding="utf-8") as lines:
        rows = sorted((json.loads(line) for line in lines), key=lambda row: row["id"])
    pixels = np.array([row["pixels"] for row in rows], dtype=np.float64) / 16
    return pixels.astype(np.float32), np.array([row["label"] for row in rows])


def right_answers(path, pixels, labels):
    """How many labels the model predicts; the first of equal logits is the answer."""
    logits = session(path).run(["logits"], {"pixels": pixels})[0]
    return int((logits.argmax(axis=1) == labels).sum())
