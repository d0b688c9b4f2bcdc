"""Seconds of scikit-learn's greedy k-means++: seeding.py ROWS.f32 FEATURES K"""
import sys
import time

from rows import inertia, read_rows
from sklearn.cluster import kmeans_plusplus

x = read_rows(sys.argv[1], int(sys.argv[2]))
began = time.perf_counter()
starts, _ = kmeans_plusplus(x, int(sys.argv[3]), random_state=1)
seconds = time.perf_counter() - began
print(f"check={inertia(x, starts):.7g}\nseconds={seconds:.9f}")
