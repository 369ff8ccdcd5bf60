"""One epoch in numpy, for the frameworks whose policies call it."""

from reference import (INFLATED, LIARS, MODELS, NOISE, REWARD, SHIFT, TOLERANCE, TRUTH, VALIDATORS)

import numpy


TRUTHS = numpy.array(TRUTH)


def measure(chance):
    scores = TRUTHS + chance.normal(0.0, NOISE, (VALIDATORS, MODELS))
    scores[:LIARS, :INFLATED] += SHIFT
    return scores


def accepted(scores, stakes):
    order = numpy.argsort(scores, axis=0)
    reached = numpy.cumsum(stakes[order], axis=0)
    half = numpy.argmax(2.0 * reached >= stakes.sum(), axis=0)
    median = scores[order[half, numpy.arange(MODELS)], numpy.arange(MODELS)]
    return (numpy.abs(scores - median) <= TOLERANCE).sum(axis=1)


def paid(stakes, counts):
    weighed = stakes * counts
    return stakes + REWARD * weighed / weighed.sum()


def share(stakes):
    return float(stakes[:LIARS].sum() / stakes.sum())
