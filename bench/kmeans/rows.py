"""rows.py: the files of make-rows, and inertia that is the same figure for every program."""
import numpy


def read_rows(path, features):
    return numpy.fromfile(path, dtype="float32").reshape(-1, features)


def read_start(path):
    return numpy.loadtxt(path, delimiter=",", skiprows=1, ndmin=2).astype("float32")


def inertia(x, centroids):
    """Squared distances to the nearest centroid, in float64: screened by a product, summed from
    differences."""
    centroids = numpy.asarray(centroids, dtype="float64")
    half_norm = (centroids ** 2).sum(axis=1) / 2
    total = 0.0
    for first in range(0, len(x), 1 << 15):
        block = x[first:first + (1 << 15)].astype("float64")
        nearest = (half_norm - block @ centroids.T).argmin(axis=1)
        total += ((block - centroids[nearest]) ** 2).sum()
    return total


def read_table(name):
    """FILE.csv, all of it numbers, or FILE.f32:FEATURES."""
    if name.endswith(".csv"):
        return numpy.loadtxt(name, delimiter=",", skiprows=1, ndmin=2)
    path, features = name.split(":")
    return read_rows(path, int(features))


def median_inertia(x, all_centroids):
    """All in units of x; the inertias are those of z-scaled rows."""
    mean, deviation = x.mean(axis=0, dtype="float64"), x.std(axis=0, dtype="float64")
    z = (x - mean) / deviation
    return numpy.median([inertia(z, (numpy.asarray(c) - mean) / deviation) for c in all_centroids])
