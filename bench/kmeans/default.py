"""scikit-learn's default fit of z-scaled rows, k = 8:

    default.py FILE.csv|FILE.f32:FEATURES [SEEDS]

Without SEEDS: one fit, and for rows in a .f32 file the seconds of the fit alone. With SEEDS:
the median of the inertias of so many seeds, evaluated in float64."""
import sys
import time

from rows import read_table, median_inertia
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

path, *seeds = sys.argv[1:]
x = read_table(path)
scaler = StandardScaler()
z = scaler.fit_transform(x)


def fit(seed):
    return KMeans(n_clusters=8, n_init=1, random_state=seed).fit(z)


if seeds:
    centroids = (fit(seed).cluster_centers_ for seed in range(1, int(seeds[0]) + 1))
    print(f"check={median_inertia(x, map(scaler.inverse_transform, centroids)):.7g}")
else:
    began = time.perf_counter()
    model = fit(1)
    if not path.endswith(".csv"):
        print(f"seconds={time.perf_counter() - began:.9f}")
    print(f"check={model.inertia_:.7g}")
