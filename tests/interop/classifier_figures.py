"""What `evaluate` and a cross-validation say of a classifier, from the scores that `score` writes
and the labels of the table, with plain loops over rows and pairs."""
import csv
import json
import math
import os
import struct
import subprocess

table = os.environ["TREE"] + "/datasets/customers.csv"
value, offer, contact, accept = 120.0, 15.0, 2.0, 0.4
money = ["--value", str(value), "--offer-cost", str(offer), "--contact-cost", str(contact),
         "--accept", str(accept)]


def run(*words):
    done = subprocess.run([os.environ["SEGMILL"], *words, "--quiet"], check=True,
                          capture_output=True, text=True)
    return done.stdout


def near(a, b):
    assert math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9), (a, b)


def as_float(text):
    return struct.unpack("f", struct.pack("f", float(text)))[0]


def interval(scores, labels):
    """DeLong, DeLong and Clarke-Pearson 1988, as it is defined."""
    wins = lambda a, b: 1 if a > b else 0.5 if a == b else 0
    one = [s for s, y in zip(scores, labels) if y]
    none = [s for s, y in zip(scores, labels) if not y]
    of_one = [sum(wins(a, b) for b in none) / len(none) for a in one]
    of_none = [sum(wins(a, b) for a in one) / len(one) for b in none]
    auc = sum(of_one) / len(one)
    spread = lambda v: sum((x - auc) ** 2 for x in v) / (len(v) - 1) / len(v)
    half = 1.959963984540054 * math.sqrt(spread(of_one) + spread(of_none))
    return auc, max(0, auc - half), min(1, auc + half)


def profit_at(scores, labels, t, share):
    return sum((share * (value - offer) - contact) if y else -(offer + contact)
               for s, y in zip(scores, labels) if s >= t)


def expected_profit(scores, labels):
    """The best cut for every share of acceptance, weighted with Beta(6, 14)."""
    cuts = sorted(set(scores)) + [2]
    counts = [(sum(s >= t and y for s, y in zip(scores, labels)),
               sum(s >= t and not y for s, y in zip(scores, labels))) for t in cuts]
    total = weights = 0
    for i in range(4000):
        share = (i + 0.5) / 4000
        weight = share ** 5 * (1 - share) ** 13
        best = max(one * (share * (value - offer) - contact) - none * (offer + contact)
                   for one, none in counts)
        total, weights = total + weight * best, weights + weight
    return total / weights / len(scores)


def check_tables(figures):
    """What holds for the figures of any rows."""
    rows, positives = figures["rows"], figures["positives"]
    for name in ("deciles", "reliability"):
        assert sum(row["rows"] for row in figures[name]) == rows
        assert sum(row["positives"] for row in figures[name]) == positives
    assert figures["deciles"][-1]["captured"] == 1
    near(figures["ece"], sum(abs(row["share"] - row["mean_score"]) * row["rows"] / rows
                             for row in figures["reliability"]))
    confusion, profit = figures["confusion"], figures["profit"]
    assert confusion["tp"] + confusion["fn"] == positives
    assert sum(confusion[n] for n in ("tp", "fp", "fn", "tn")) == rows
    assert confusion["threshold"] == profit["threshold"]
    assert (confusion["tp"], confusion["tp"] + confusion["fp"]) == (profit["leavers"],
                                                                    profit["customers"])
    near(profit["max"], confusion["tp"] * (accept * (value - offer) - contact)
         - confusion["fp"] * (offer + contact))
    near(profit["per_customer"], profit["max"] / rows)
    assert len(profit["curve"]) <= 101 and profit["curve"][0] == [0, 0, None]
    assert profit["curve"][-1][0] == 1
    assert max(point[1] for point in profit["curve"]) <= profit["max"] + 1e-9


run("train", "tree", table, "--label", "churned", "-o", "t.model")
run("score", "t.model", table, "-o", "s.csv")
figures = json.loads(run("evaluate", "t.model", table, "--json", *money))
truth = {row["customer_id"]: row["churned"] == "yes"
         for row in csv.DictReader(open(table, encoding="utf-8"))}
scored = list(csv.DictReader(open("s.csv", encoding="utf-8")))
column = next(name for name in scored[0] if name.endswith("_probability"))
scores = [as_float(row[column]) for row in scored]
labels = [truth[row["customer_id"]] for row in scored]
n, ones = len(scores), sum(labels)

check_tables(figures)
assert (figures["rows"], figures["positives"]) == (n, ones)
auc, low, high = interval(scores, labels)
near(figures["auc"], auc)
near(figures["auc_ci"][0], low)
near(figures["auc_ci"][1], high)
near(figures["brier"], sum((s - y) ** 2 for s, y in zip(scores, labels)) / n)
near(figures["log_loss"],
     -sum(math.log(s if y else 1 - s) for s, y in zip(scores, labels)) / n)
apart = {t: abs(sum(y for s, y in zip(scores, labels) if s >= t) / ones
                - sum(not y for s, y in zip(scores, labels) if s >= t) / (n - ones))
         for t in set(scores)}
near(figures["ks"], max(apart.values()))
near(apart[as_float(figures["ks_score"])], figures["ks"])
best = max([0] + [profit_at(scores, labels, t, accept) for t in set(scores)])
near(figures["profit"]["max"], best)
for share, profit, t in figures["profit"]["curve"][1:]:
    near(profit, profit_at(scores, labels, as_float(t), accept))
    near(share, sum(s >= as_float(t) for s in scores) / n)
assert abs(figures["empc"] - expected_profit(scores, labels)) < 1e-4
# A decile of the table is the churn_decile of the same rows in the scores.
for row in figures["deciles"]:
    mine = [y for one, y in zip(scored, labels) if int(one["churn_decile"]) == row["decile"]]
    assert (len(mine), sum(mine)) == (row["rows"], row["positives"])
    near(row["lift"], sum(mine) / len(mine) / (ones / n))

# Held-out rows: each counts once.
check_tables(json.loads(run("train", "tree", table, "--label", "churned", "--cv", "4", "--json",
                            "-o", "cv.model", *money)))
