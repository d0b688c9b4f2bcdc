"""A reader of model files written from models/FORMAT.md alone: it scores the self-check rows
of every reference model with plain loops and finds, to the last bit, what stands in the file."""
import glob
import math
import os
import sys
from fractions import Fraction

import h5py
import numpy as np


def texts(dataset):
    return [cell.decode() for cell in np.atleast_1d(dataset[()])]


def category(group):
    names = texts(group["categories"])
    return [names[code] if code >= 0 else None for code in group["codes"][()]]


def csr(group):
    start, items = group["indptr"][()], group["indices"][()]
    return [[int(i) for i in items[a:b]] for a, b in zip(start, start[1:])]


def check_common(f):
    uns = f["uns/segmill"]
    assert uns["kind"][()] == b"model" and uns["format_version"][()] == 1
    names = texts(f["var/feature"])
    assert len(set(names)) == len(names)
    hashed = texts(uns["hashed"])
    assert len(hashed) == len(uns["hashes"]) and all(path in f for path in hashed)
    return names


def kmeans(f, check):
    m, spread = f["uns/model"], f["obs/spread"][()]
    z, shift, inverse = m["z"][()], m["shift"][()], m["inverse"][()]
    names = texts(f["obs/segment_name"])
    assert m["log1p"][()] == 0
    for x in check["X"][()]:
        row = [0.0 if math.isnan(v) else (float(v) - shift[i]) * inverse[i]
               for i, v in enumerate(x)]
        squares = []
        for centre in z:
            total = 0.0
            for a, b in zip(row, centre):
                total += (a - b) * (a - b)
            squares.append(total)
        first, second = sorted(range(len(z)), key=lambda j: (squares[j], j))[:2]
        distance = math.sqrt(squares[first])
        yield {"segment": first, "segment_name": names[first], "distance": distance,
               "second": second, "margin": 1 - distance / math.sqrt(squares[second]),
               "outlier": int(squares[first] > 9 * spread[first])}


def leaves(f, check):
    """Of each self-check row: the values of the leaves that it ends in, one per tree."""
    obs, m = f["obs"], f["uns/model"]
    tree = obs["tree"][()] if "tree" in obs else np.zeros(len(obs["left"]), int)
    roots = [int(np.argmax(tree == t)) for t in range(tree.max() + 1)]
    feature, threshold = obs["feature/codes"][()], obs["threshold"][()]
    left, right, value = obs["left"][()], obs["right"][()], obs["value"][()]
    missing_left, first_side = obs["missing_left"][()], m["first_side"][()]
    kinds = texts(f["var/kind"])
    for x in check["X"][()]:
        ends = []
        for root in roots:
            node = root
            while feature[node] >= 0:
                v = x[feature[node]]
                if not math.isfinite(v):
                    goes_left = missing_left[node]
                elif kinds[feature[node]] == "category":
                    goes_left = m["goes_left"][first_side[node] + int(v)]
                else:
                    goes_left = v <= threshold[node]
                node = root + (left[node] if goes_left else right[node])
            ends.append(value[node])
        yield ends


def classified(m, probability):
    decile = 1 + sum(probability < edge for edge in m["decile_edges"][()])
    return {"churn_probability": probability, "churn_decile": decile,
            "band": "high" if decile <= 2 else "medium" if decile <= 5 else "low"}


def tree(f, check):
    for ends in leaves(f, check):
        yield classified(f["uns/model"], np.float32(ends[0]))


def ensemble(f, check):
    m = f["uns/model"]
    base, kind = float(m["base"][()][0]), m["calibration/kind"][()]
    for ends in leaves(f, check):
        if m["link"][()] == b"logit":
            p = 1 / (1 + math.exp(-(base + sum(ends))))
        else:
            p = base + sum(ends) / len(ends)
        if kind == b"platt":
            slope, shift = m["calibration/sigmoid"][()]
            p = min(max(p, 2**-24), 1 - 2**-24)
            p = 1 / (1 + math.exp(-(slope * math.log(p / (1 - p)) + shift)))
        yield classified(m, np.float32(p))


def rules(f, check):
    names, obs, n = texts(f["var/feature"]), f["obs"], int(f["uns/model/baskets"][()])
    both, body_count, head_count = (obs[c][()] for c in ("count", "body_count", "head_count"))
    bodies, heads = csr(f["X"]), csr(f["layers/consequent"])
    confidence = [Fraction(int(a), int(b)) for a, b in zip(both, body_count)]
    order = sorted((r for r in range(len(bodies)) if len(heads[r]) == 1),
                   key=lambda r: (-confidence[r], -confidence[r] * n / int(head_count[r]),
                                  heads[r][0], r))
    for owned in csr(check["X"]):
        row, offered = {}, []
        for r in order:
            head = heads[r][0]
            if head in owned or head in offered or not set(bodies[r]) <= set(owned):
                continue
            if len(offered) < 3:
                offered.append(head)
                k = len(offered)
                row[f"offer_{k}"] = names[head]
                row[f"offer_{k}_score"] = both[r] / body_count[r]
                row[f"offer_{k}_reason"] = " + ".join(names[i] for i in bodies[r])
        for k in range(len(offered) + 1, 4):
            row |= {f"offer_{k}": None, f"offer_{k}_score": math.nan, f"offer_{k}_reason": ""}
        yield row


def rfm(f, check):
    m, columns, names = f["uns/model"], check["rows"], texts(f["obs/segment_name"])
    bins, levels = int(m["bins"][()]), int(m["levels"][()])
    assert m["by_id"][()] == 0 and columns["monetary"].attrs["scale"] == m["scale"][()]

    def score(value, cuts):
        return 1 + int((m[cuts][()] < value).sum())

    def level(s):
        return 1 + (2 * (s - 1) * (levels - 1) + bins - 1) // (2 * (bins - 1))

    for i in range(len(check["X"])):
        recency, frequency, money = (int(columns[c][i])
                                     for c in ("recency_days", "frequency", "monetary"))
        assert frequency > 0
        s = (bins + 1 - score(recency, "recency_cuts"), score(frequency, "frequency_cuts"),
             score(money, "monetary_cuts"))
        cell = ((level(s[0]) - 1) * levels + level(s[1]) - 1) * levels + level(s[2]) - 1
        yield {"recency_days": recency, "frequency": frequency, "monetary": money,
               "r": s[0], "f": s[1], "m": s[2], "rfm": "%d%d%d" % s,
               "segment_name": names[m["cells"][cell]]}


def column(member):
    if isinstance(member, h5py.Group):
        return category(member)
    return texts(member) if member.dtype.kind == "S" else list(member[()])


def same(a, b):
    return a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


readers = {"kmeans": kmeans, "tree": tree, "forest": ensemble, "boost": ensemble,
           "rules": rules, "rfm": rfm}
paths = sorted(glob.glob(os.environ["TREE"] + "/models/reference/*.model"))
assert len(paths) >= len(readers)
for path in paths:
    with h5py.File(path) as f:
        method = f["uns/segmill/method"][()].decode()
        check = f["uns/segmill/selfcheck"]
        check_common(f)
        kept = {name: column(check["scores"][name])
                for name in check["scores"].attrs["column-order"]}
        rows = list(readers[method](f, check))
        assert len(rows) == 16 == len(check["scores/row"])
        for i, row in enumerate(rows):
            for name, value in row.items():
                if not same(value, kept[name][i]):
                    sys.exit(f"{path}: row {i + 1}: {name} is {kept[name][i]!r}, not {value!r}")
        print(f"{method}: {len(rows)} rows, {len(rows[0])} columns")
