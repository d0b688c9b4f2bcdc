"""Every figure of `inspect --json` against pandas and numpy: a CSV whose rows are all in the
sample, a plain HDF5 matrix larger than the sample, a log of transactions, and baskets."""
import json
import math
import os
import subprocess
import sys

try:
    import h5py
    import numpy as np
    import pandas as pd
except ImportError:
    sys.exit(77)

failures = []
tree = os.environ["TREE"]


def look(*words):
    done = subprocess.run([os.environ["SEGMILL"], "inspect", *words, "--json"], text=True,
                          capture_output=True, check=True)
    return json.loads(done.stdout)


def same(what, got, want, error=1e-9):
    if got is None or not math.isclose(float(got), float(want), rel_tol=error, abs_tol=error):
        failures.append(f"{what}: {got} is not {want}")


def numbers(result):
    return {row["name"]: row for row in result["numbers"]}


def check_number(name, row, v, rank_error=0.0, distinct_error=0.0):
    """v: float array with NaN. rank_error: how far a quantile may lie off, as a share."""
    there = v[~np.isnan(v)]
    same(f"{name} missing", row["missing"], np.isnan(v).sum())
    same(f"{name} distinct", row["distinct"], len(np.unique(there)), distinct_error or 1e-9)
    if row["distinct_exact"] != (distinct_error == 0):
        failures.append(f"{name}: distinct_exact is {row['distinct_exact']}")
    for key, want in (("min", there.min()), ("max", there.max()), ("mean", there.mean()),
                      ("std", there.std()), ("zeros", (there == 0).sum())):
        same(f"{name} {key}", row[key], want)
    ordered = np.sort(there)
    for key, share in (("p1", .01), ("p5", .05), ("p25", .25), ("p50", .5), ("p75", .75),
                       ("p95", .95), ("p99", .99)):
        if rank_error == 0:
            same(f"{name} {key}", row[key], np.quantile(there, share))
            continue
        low = np.searchsorted(ordered, row[key], "left") / len(ordered)
        high = np.searchsorted(ordered, row[key], "right") / len(ordered)
        if not low - rank_error <= share <= high + rank_error:
            failures.append(f"{name} {key}: {row[key]} stands at {low} to {high}")


# All rows are in the sample.
frame = pd.read_csv(f"{tree}/datasets/customers.csv", keep_default_na=False, na_values=[""])
result = look(f"{tree}/datasets/customers.csv", "--label", "churned")
for name, row in numbers(result).items():
    v = frame[name].to_numpy(np.float32).astype(np.float64)
    check_number(name, row, v)
    counts = pd.Series(v).value_counts()
    same(f"{name} usual share", row["usual_share"], counts.max() / counts.sum())
    same(f"{name} histogram", sum(row["histogram"]["counts"]), counts.sum())
    yes = (frame["churned"] == "yes").to_numpy()
    ranks = pd.Series(v).rank().to_numpy()
    a, n = yes & ~np.isnan(v), (~np.isnan(v)).sum()
    auc = (ranks[a].sum() - a.sum() * (a.sum() + 1) / 2) / (a.sum() * (n - a.sum()))
    same(f"{name} auc", row["auc"], max(auc, 1 - auc))
for row in result["categories"]:
    counts = frame[row["name"]].value_counts()
    same(f"{row['name']} missing", row["missing"], frame[row["name"]].isna().sum())
    same(f"{row['name']} levels", row["distinct"], len(counts))
    for one in row["top"]:
        same(f"{row['name']} {one['level']}", one["count"], counts[one["level"]])
    same(f"{row['name']} shown", len(row["top"]), min(10, len(counts)))

# More rows than the sample, doubles in chunks, and what a matrix can hold.
rng = np.random.default_rng(3)
n = 200_000
x = np.stack([rng.normal(1e6, 3, n), rng.lognormal(0, 2, n), rng.integers(0, 4096, n),
              np.where(rng.random(n) < .3, np.nan, rng.normal(size=n)),
              np.arange(n, dtype=float), rng.integers(0, 2, n) * -2.5], axis=1)
x = x.astype(np.float32).astype(np.float64)
with h5py.File("x.h5", "w") as file:
    file.create_dataset("X", data=x, chunks=(5000, 2), compression="gzip")
result = look("x.h5:/X")
for f, row in enumerate(result["numbers"]):
    few = len(np.unique(x[~np.isnan(x[:, f]), f])) <= 4096
    # Four standard errors: of a rank in the sample, of the smallest 2,048 hashes.
    check_number(f"x {f}", row, x[:, f], 4 * .5 / math.sqrt(result["sampled_rows"]),
                 0 if few else 4 / math.sqrt(2048))
if [w["warning"] for w in result["warnings"]] != ["row-number"]:
    failures.append(f"warnings: {result['warnings']}")

# A log.
log = pd.read_csv(f"{tree}/datasets/orders.csv", dtype={"order_id": str})
subprocess.run([os.environ["SEGMILL"], "import", f"{tree}/datasets/orders.csv", "-o", "o.h5",
                "--quiet"], check=True, capture_output=True)
result = look("o.h5")
money = (log["quantity"] * (log["unit_price"] * 100).round().astype(int)) / 100
per = log.groupby("customer_id").size().sort_values().to_numpy()
want = {"customers": log["customer_id"].nunique(), "orders": log["order_id"].nunique(),
        "items": log["sku"].nunique(), "rows_without_customer": log["customer_id"].isna().sum(),
        "money": money.sum(), "returned_share_of_rows": (log["quantity"] < 0).mean(),
        "returned_share_of_money": -money[money < 0].sum() / money[money > 0].sum(),
        "days_with_rows": log["order_time"].str[:10].nunique()}
for key, value in want.items():
    same(f"log {key}", result["log"][key], value)
for q, key in enumerate(("min", "p25", "median", "p75", "max")):
    same(f"rows per customer {key}", result["log"]["rows_per_customer"][key],
         per[q * (len(per) - 1) // 4])
days = (log["order_time"].str[:10].min(), log["order_time"].str[:10].max())
if (result["log"]["first_day"], result["log"]["last_day"]) != days:
    failures.append(f"days: {result['log']} are not {days}")

# Baskets.
baskets = [rng.choice(50, size=rng.integers(1, 9), replace=False) for _ in range(500)]
with open("b.dat", "w") as file:
    file.writelines(" ".join(str(i) for i in b) + "\n" for b in baskets)
result = look("b.dat")
sizes = np.sort([len(b) for b in baskets])
counts = pd.Series(np.concatenate(baskets)).value_counts()
same("bought", result["bought"], sizes.sum())
same("of one item", result["baskets"]["of_one_item"], (sizes == 1).sum())
for q, key in enumerate(("min", "p25", "median", "p75", "max")):
    same(f"size {key}", result["baskets"]["items_per_basket"][key], sizes[q * 499 // 4])
for row in result["baskets"]["top_items"]:
    same(f"item {row['item']}", row["baskets"], counts[int(row["item"])])

sys.exit("\n".join(failures) if failures else 0)
