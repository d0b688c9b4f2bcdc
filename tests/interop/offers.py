"""Next best offers and their hit rates on a year of a real gift shop, computed again in Python
from the exported rules and the lines of the log: same items, scores, counts of hits."""
import collections
import csv
import gzip
import json
import math
import os
import subprocess
import sys

log = os.environ.get("DATA", "") + "/transactions/online_retail.csv.gz"
if not os.path.exists(log):
    print("no online_retail.csv.gz")
    sys.exit(77)
failures = []
K = 5


def segmill(*words):
    done = subprocess.run([os.environ["SEGMILL"], *words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"segmill {' '.join(words)}: exit {done.returncode}: {done.stderr}")
    return done.stdout


segmill("import", log, "--kind", "transactions", "--customer", "CustomerID", "--time", "InvoiceDate",
        "--order", "InvoiceNo", "--item", "StockCode", "--quantity", "Quantity", "--price",
        "UnitPrice", "-o", "log.h5")
segmill("train", "rules", "log.h5", "--min-support", "120", "--min-confidence", "0.25",
        "--max-length", "3", "-o", "rules.model")
segmill("export", "rules.model", "--to", "csv", "-o", "rules.csv")

# ---- rules, indexed by the least item of their body ------------------------------------------
n_baskets = json.loads(segmill("inspect", "rules.model", "--json"))["baskets"]
rules = collections.defaultdict(list)
with open("rules.csv", newline="") as file:
    for row in csv.DictReader(file):
        body, head = row["rule"].split(" => ")
        items = frozenset(body.split(" + "))
        both = int(row["count"])
        n_body = round(both / float(row["confidence"]))
        n_head = round(both * n_baskets / (float(row["lift"]) * n_body))
        lift = (both * n_baskets) / (n_body * n_head)
        rules[min(items)].append((items, head, both / n_body, lift))

# ---- the log ------------------------------------------------------------------------------------
owned = collections.defaultdict(set)
orders = {}
sold = collections.defaultdict(set)
with gzip.open(log, "rt", encoding="utf-8", newline="") as file:
    for row in csv.DictReader(file):
        item, order, customer = row["StockCode"], row["InvoiceNo"], row["CustomerID"]
        if not item or not order or int(row["Quantity"]) <= 0:
            continue
        customer = customer[:-2] if customer.endswith(".0") else customer
        day = row["InvoiceDate"].split()[0]
        month, date, year = day.split("/") if "/" in day else (day[5:7], day[8:10], day[:4])
        day = (int(year), int(month), int(date))
        sold[item].add(order)
        if customer:
            owned[customer].add(item)
            entry = orders.setdefault(order, [customer, day, set()])
            entry[1] = min(entry[1], day)
            entry[2].add(item)


def offers(items, combined):
    """(score, -rank of the best rule) per item that is lacking, best first."""
    best, miss = {}, collections.defaultdict(lambda: 1.0)
    for item in items:
        for body, head, confidence, lift in rules.get(item, ()):
            if head in items or not body <= items:
                continue
            key = (-confidence, -lift, head)
            best[head] = min(best.get(head, key), key)
            miss[head] *= 1 - confidence
    if combined:
        found = [(1 - miss[head], head) for head in best]
        return sorted(found, key=lambda f: (-round(f[0], 9), best[f[1]]))
    return sorted(((-key[0], head) for head, key in best.items()), key=lambda f: best[f[1]])


for rank_by in ("confidence", "combined"):
    segmill("score", "rules.model", "log.h5", "-o", "scores.csv", "--offers", str(K), "--rank-by",
            rank_by)
    differ = rows = 0
    with open("scores.csv", newline="") as file:
        for row in csv.DictReader(file):
            rows += 1
            expected = offers(owned[row["customer"]], rank_by == "combined")[:K]
            got = [(float(row[f"offer_{k}_score"]), row[f"offer_{k}"]) for k in range(1, K + 1)
                   if row[f"offer_{k}"]]
            same = len(got) == len(expected) and all(
                math.isclose(a[0], b[0], abs_tol=1e-9) for a, b in zip(got, expected))
            # combined scores that are equal but for rounding may stand in either order
            exact = rank_by == "combined" or [g[1] for g in got] == [e[1] for e in expected]
            differ += not (same and exact)
    if differ or rows != len(owned):
        failures.append(f"{rank_by}: {differ} of {rows} customers differ ({len(owned)} expected)")

# ---- hits on the last day --------------------------------------------------------------------------
with open("rules.csv", newline="") as file:
    n_rules = sum(1 for _ in file) - 1
model_items = {item for item, of in sold.items() if len(of) >= 120}
by_customer = collections.defaultdict(list)
for customer, day, items in orders.values():
    by_customer[customer].append((day, items & model_items))
sellers = sorted(model_items, key=lambda item: (-len(sold[item]), item))
tested, hits, seller_hits = 0, collections.Counter(), collections.Counter()
for history in by_customer.values():
    last = max(day for day, _ in history)
    before = set().union(*(items for day, items in history if day < last))
    new = set().union(*(items for day, items in history if day == last)) - before
    if not before or not new:
        continue
    tested += 1
    ranked = [item for _, item in offers(before, False)][:K]
    popular = [item for item in sellers if item not in before][:K]
    for k in (1, 3, 5):
        hits[k] += any(item in new for item in ranked[:k])
        seller_hits[k] += any(item in new for item in popular[:k])
figures = json.loads(segmill("evaluate", "rules.model", "log.h5", "--offers", str(K), "--json"))
if figures["tested"] != tested:
    failures.append(f"tested {figures['tested']}, expected {tested}")
for k in (1, 3, 5):
    for name, count in ((f"hit_rate_{k}", hits[k]), (f"best_seller_hit_rate_{k}", seller_hits[k])):
        if figures[name] * tested != count and round(figures[name] * tested) != count:
            failures.append(f"{name} {figures[name]}, expected {count}/{tested}")
if "rules beat best-sellers" not in figures["verdict"]:
    failures.append(figures["verdict"])

print(n_rules, "rules;", tested, "customers tested;", dict(hits), dict(seller_hits))
print("\n".join(failures) or "ok")
sys.exit(bool(failures))
