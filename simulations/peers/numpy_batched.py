"""Numpy without a framework, all runs at once."""

from reference import (INFLATED, LIARS, MODELS, NOISE, REWARD, SHIFT, STAKE, TOLERANCE, TRUTH,
                       VALIDATORS, main)

import numpy


def run(seed, epochs, runs):
    chance = numpy.random.default_rng(seed)
    truths = numpy.array(TRUTH)
    stakes = numpy.full((runs, VALIDATORS), STAKE)
    for _ in range(epochs):
        scores = truths + chance.normal(0.0, NOISE, (runs, VALIDATORS, MODELS))
        scores[:, :LIARS, :INFLATED] += SHIFT
        # Validators last, so that sorting runs over neighbours in memory.
        scores = numpy.ascontiguousarray(scores.transpose(0, 2, 1))
        order = numpy.argsort(scores, axis=2)
        spread = numpy.broadcast_to(stakes[:, None, :], scores.shape)
        reached = numpy.cumsum(numpy.take_along_axis(spread, order, axis=2), axis=2)
        half = numpy.argmax(2.0 * reached >= stakes.sum(axis=1)[:, None, None], axis=2)
        place = numpy.take_along_axis(order, half[:, :, None], axis=2)
        median = numpy.take_along_axis(scores, place, axis=2)
        counts = (numpy.abs(scores - median) <= TOLERANCE).sum(axis=1)
        weighed = stakes * counts
        stakes = stakes + REWARD * weighed / weighed.sum(axis=1)[:, None]
    return float((stakes[:, :LIARS].sum(axis=1) / stakes.sum(axis=1)).mean())


if __name__ == "__main__":
    main("numpy_batched", ["numpy"], run)
