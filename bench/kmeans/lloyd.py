"""Seconds of one Lloyd iteration by other programs, from a given start over float32 rows
(scikit-learn-float64: over the same values in float64):

    lloyd.py PROGRAM THREADS REPEATS FIRST,LAST ROWS.f32 FEATURES START.csv

The same fits as bench/kmeans/fit.c -i does; the check is the inertia of the centroids after
LAST iterations, evaluated in float64."""
import os
import statistics
import sys
import time

program, threads, repeats, iterations, path, features, start_path = sys.argv[1:]
os.environ["OMP_NUM_THREADS"] = threads
import numpy   # noqa: E402
from rows import inertia, read_rows, read_start   # noqa: E402

x, start = read_rows(path, int(features)), read_start(start_path)
if program == "scikit-learn-float64":
    x, start = x.astype("float64"), start.astype("float64")
first, last = map(int, iterations.split(","))
k = len(start)


def scikit_learn(kmeans, n):
    model = kmeans(k, init=start, n_init=1, max_iter=n, tol=0, algorithm="lloyd").fit(x)
    return model.n_iter_, model.cluster_centers_


def faiss_clustering(faiss, n):
    clustering = faiss.Clustering(x.shape[1], k)
    clustering.niter = n
    clustering.max_points_per_centroid = len(x)   # all rows, no sample
    clustering.min_points_per_centroid = 1
    faiss.copy_array_to_vector(start.ravel(), clustering.centroids)
    clustering.train(x, faiss.IndexFlatL2(x.shape[1]))
    return clustering.iteration_stats.size(), faiss.vector_to_array(clustering.centroids).reshape(k, -1)


if program in ("scikit-learn", "scikit-learn-float64"):
    from sklearn.cluster import KMeans
    fit, library = scikit_learn, KMeans
elif program == "scikit-learn-intelex":
    import daal4py
    from sklearnex.cluster import KMeans
    daal4py.daalinit(nthreads=int(threads))
    fit, library = scikit_learn, KMeans
elif program == "faiss-cpu":
    import faiss
    faiss.omp_set_num_threads(int(threads))
    fit, library = faiss_clustering, faiss
else:
    sys.exit(f"lloyd.py: unknown program '{program}'")


def seconds_of(n):
    began = time.perf_counter()
    iterations, centroids = fit(library, n)
    return time.perf_counter() - began, iterations, centroids


_, fewest, _ = seconds_of(first)   # warms up
of_first, of_last = [], []
for _ in range(int(repeats)):
    of_first.append(seconds_of(first)[0])
    seconds, most, centroids = seconds_of(last)   # fewer than `last` if nothing moves any more
    of_last.append(seconds)
seconds = (statistics.median(of_last) - statistics.median(of_first)) / (most - fewest)
digits = 13 if program.endswith("float64") else 7   # those that are the same on every run
print(f"check={inertia(x, centroids):.{digits}g}\nseconds={seconds:.9f}")
