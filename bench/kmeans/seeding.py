"""Seconds of scikit-learn's greedy k-means++: seeding.py float32|float64 ROWS.f32 FEATURES K"""
import sys
import time

from rows import inertia, read_rows
from sklearn.cluster import kmeans_plusplus

precision, path, features, k = sys.argv[1:]
x = read_rows(path, int(features)).astype(precision)
began = time.perf_counter()
starts, _ = kmeans_plusplus(x, int(k), random_state=1)
seconds = time.perf_counter() - began
print(f"check={inertia(x, starts):.7g}\nseconds={seconds:.9f}")
