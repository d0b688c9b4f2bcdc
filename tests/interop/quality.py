"""tests/golden/quality.csv: what the methods reach on known data. A change is a difference to
explain, not to hide: UPDATE=1 rewrites the file, with a row for every classifier there is. Rows of
data that is absent are passed over, and without FULL=1 those that take minutes."""
import csv
import json
import os
import subprocess
import sys

tree, data = os.environ["TREE"], os.environ["DATA"]
path = tree + "/tests/golden/quality.csv"
rows = list(csv.DictReader(open(path, encoding="utf-8")))
failures, results, absent = [], {}, 0
classifiers = ["tree", "forest", "boost", "boost --auto"]
churn = {"telco_churn.csv": "--label Churn --folds $DATA/churn/telco.folds.gz",
         "bank_churn.csv": "--label Exited --drop RowNumber,Surname --folds $DATA/churn/bank.folds.gz",
         "cell2cell_train.csv.gz": "--label Churn --folds $DATA/churn/cell2cell.folds.gz"}


def result(row):
    """The --json of a training; made once for all its rows."""
    place = tree + "/datasets/" if row["data"].startswith("shop/") else data + "/"
    file = place + row["data"].removeprefix("shop/")
    if not os.path.exists(file):
        return None
    key = (row["data"], row["method"], row["options"])
    if key not in results:
        words = row["options"].replace("$DATA", data).split()
        if row["data"].endswith("groceries.csv.gz"):
            subprocess.run([os.environ["SEGMILL"], "import", file, "--lines", "-o", "lines.h5"],
                           check=True, stdout=subprocess.DEVNULL)
            file = "lines.h5"
        method, *more = row["method"].split()
        done = subprocess.run([os.environ["SEGMILL"], "train", method, file, *more, *words,
                               "-o", f"{len(results)}.model", "--json"],
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{key}: exit {done.returncode}: {done.stderr}")
        results[key] = json.loads(done.stdout)
    return results[key]


def takes_minutes(row):
    """Looked at by `make quality` only, which sets FULL."""
    return row["method"] == "boost --auto" or (
        "cell2cell" in row["data"] and row["method"] in ("forest", "boost"))


def built(method):
    return subprocess.run([os.environ["SEGMILL"], "help", method],
                          capture_output=True).returncode == 0


def add_missing_rows():
    have = {(row["data"], row["method"], row["figure"]) for row in rows}
    for name, options in churn.items():
        if not os.path.exists(data + "/churn/" + name):
            continue
        for method in filter(lambda m: built(m.split()[0]), classifiers):
            for figure in ("auc", "log_loss", "ece"):
                if ("churn/" + name, method, figure) not in have:
                    rows.append({"data": "churn/" + name, "method": method, "options": options,
                                 "figure": figure, "value": ""})


if os.environ.get("UPDATE"):
    add_missing_rows()
passed_over = 0
for row in rows:
    if takes_minutes(row) and not os.environ.get("FULL"):
        passed_over += 1
        continue
    made = result(row)
    if made is None:
        absent += 1
        continue
    for step in row["figure"].split("."):
        made = made[int(step)] if isinstance(made, list) else made[step]
    if json.dumps(made) != row["value"]:
        failures.append(f'{row["data"]} {row["method"]} {row["options"]}: {row["figure"]} is '
                        f'{json.dumps(made)}, not {row["value"]}')
        row["value"] = json.dumps(made)

if os.environ.get("UPDATE"):
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    sys.exit(0)
print(absent, "rows of absent data;", passed_over, "that take minutes (make quality)")
sys.exit("\n".join(failures) if failures else 0)
