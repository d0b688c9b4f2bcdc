"""k-means on real customers against numpy in float64, and scikit-learn where it is installed:
from the same start, after 1 and 20 passes and when nothing moves, every row is in the same
segment at the same distance, but for rows whose two best distances are equal to 1e-12."""
import csv
import json
import os
import subprocess
import sys

import h5py
import numpy as np

try:
    from sklearn.cluster import KMeans
except ImportError:
    KMeans = None

segmill, data = os.environ["SEGMILL"], os.environ["DATA"]
failures = []
BANK = "CreditScore,Age,Tenure,Balance,NumOfProducts,HasCrCard,IsActiveMember,EstimatedSalary"
TELCO = "SeniorCitizen,tenure,MonthlyCharges,TotalCharges"
RFM = "recency_days,frequency,monetary"
CASES = [   # file, features, k, scale, passes
    ("churn/bank_churn.csv", BANK, 8, "z", 1),
    ("churn/bank_churn.csv", BANK, 8, "z", 20),
    ("churn/bank_churn.csv", BANK, 30, "minmax", 300),
    ("churn/telco_churn.csv", TELCO, 6, "z", 20),
    ("churn/telco_churn.csv", TELCO, 12, "none", 300),
    ("transactions/online_retail.csv.gz", RFM, 8, "z", 300),
    ("transactions/online_retail.csv.gz", "recency_days,frequency", 10, "log1p-z", 20),
]


def run(*words):
    done = subprocess.run([segmill, *words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{words}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def features_of(file):
    """The file as features in HDF5, made once."""
    name = os.path.basename(file).split(".")[0] + ".h5"
    if not os.path.exists(name):
        if file.startswith("churn"):
            run("import", f"{data}/{file}", "-o", name)
        else:
            run("import", f"{data}/{file}", "-o", "orders.h5")
            run("features", "orders.h5", "-o", name)
    return name


def read(name, features):
    with h5py.File(name) as file:
        names = [n.decode() for n in file["var/feature"][:]]
        return file["X"][:][:, [names.index(f) for f in features]].astype(np.float64)


def scaled(x, scale):
    x = np.log1p(x) if scale == "log1p-z" else x
    middle, spread = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
    if scale == "none":
        spread = 1
    if scale == "minmax":
        middle, spread = np.nanmin(x, axis=0), np.nanmax(x, axis=0) - np.nanmin(x, axis=0)
    return np.nan_to_num((x - middle.astype(np.float32)) / spread)


def distances(z, centres):
    return ((z[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)


def lloyd(z, centres, passes):
    for _ in range(passes):
        label = distances(z, centres).argmin(axis=1)
        moved = np.array([z[label == j].mean(axis=0) for j in range(len(centres))])
        settled = np.allclose(moved, centres, rtol=1e-14, atol=1e-14)
        centres = moved
        if settled:
            break
    return centres


def close(a, b, tolerance):
    return abs(a - b) <= tolerance * abs(b)


def compare(what, z, centres, label, distance=None, second=None):
    """Rows in another segment than the nearest to these centroids are ties."""
    dist2 = distances(z, centres)
    best = np.sort(dist2, axis=1)
    rows = np.arange(len(z))
    nearest = dist2.argmin(axis=1)
    wrong = (label != nearest) & (best[:, 1] - best[:, 0] > 1e-12 * best[:, 1])
    if wrong.any():
        failures.append(f"{what}: {wrong.sum()} of {len(z)} rows in another segment")
    if distance is not None and not np.allclose(distance, np.sqrt(best[:, 0]), rtol=1e-9, atol=1e-7):
        failures.append(f"{what}: other distances")
    if second is not None and not np.allclose(dist2[rows, second], best[:, 1], rtol=1e-9):
        failures.append(f"{what}: other second choices")
    return best[:, 0].sum()


def check(file, features, k, scale, passes):
    what = f"{file} k={k} {scale} {passes} passes"
    name = features_of(file)
    x = read(name, features.split(","))
    z = scaled(x, scale)
    whole = np.flatnonzero(~np.isnan(x).any(axis=1))
    _, first = np.unique(z[whole], axis=0, return_index=True)
    start = np.sort(whole[first])[:: len(first) // k][:k]
    with open("start.csv", "w", encoding="utf-8") as out:
        out.write(features + "\n")
        out.writelines(",".join(repr(v) for v in x[i]) + "\n" for i in start)
    words = ["--features", features, "--scale", scale, "--init", "start.csv", "--tol", "0",
             "--max-iter", str(passes), "-o", "k.model"]
    made = json.loads(run("train", "kmeans", name, *words, "--json"))
    run("score", "k.model", name, "-o", "scores.csv")
    rows = list(csv.DictReader(open("scores.csv", encoding="utf-8")))
    label = np.array([int(r["segment"]) for r in rows])
    second = np.array([int(r["second"]) for r in rows])
    distance = np.array([float(r["distance"]) for r in rows])

    centres = lloyd(z, z[start], passes)
    inertia = compare(what, z, centres, label, distance, second)
    if not close(made["inertia"], inertia, 1e-12):
        failures.append(f'{what}: inertia {made["inertia"]!r}, numpy {inertia!r}')
    if made["sizes"] != np.bincount(label, minlength=k).tolist():
        failures.append(f"{what}: other sizes")
    if KMeans is not None:
        theirs = KMeans(k, init=z[start], n_init=1, max_iter=passes, tol=0, algorithm="lloyd").fit(z)
        compare(what + ", scikit-learn", z, theirs.cluster_centers_, label, distance, second)


absent = [c for c in CASES if not os.path.exists(f"{data}/{c[0]}")]
for case in CASES:
    if case not in absent:
        check(*case)
if len(absent) == len(CASES):
    print("no data")
    sys.exit(77)
print(len(absent), "cases of absent data; scikit-learn:", "absent" if KMeans is None else "compared")
sys.exit("\n".join(failures) if failures else 0)
