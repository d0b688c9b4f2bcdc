"""The median of the inertias, in z units and float64, of centroids that segmill found:

    median.py FILE.csv|FILE.f32:FEATURES CENTROIDS.json|CENTROIDS.csv..."""
import json
import sys

import numpy
from rows import median_inertia, read_table


def centroids(path):
    if path.endswith(".json"):
        with open(path) as file:
            return json.load(file)["centroids"]
    return numpy.loadtxt(path, delimiter=",", ndmin=2)


x = read_table(sys.argv[1])
print(f"check={median_inertia(x, map(centroids, sys.argv[2:])):.7g}")
