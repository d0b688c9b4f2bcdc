"""tests/golden/quality.csv: what the methods reach on known data. A change is a difference to
explain, not to hide: UPDATE=1 rewrites the file. Rows of data that is absent are passed over."""
import csv
import json
import os
import subprocess
import sys

tree, data = os.environ["TREE"], os.environ["DATA"]
path = tree + "/tests/golden/quality.csv"
rows = list(csv.DictReader(open(path, encoding="utf-8")))
failures, results, absent = [], {}, 0


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
        done = subprocess.run([os.environ["SEGMILL"], "train", row["method"], file, *words,
                               "-o", f"{len(results)}.model", "--json"],
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{key}: exit {done.returncode}: {done.stderr}")
        results[key] = json.loads(done.stdout)
    return results[key]


for row in rows:
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
print(absent, "rows of absent data")
sys.exit("\n".join(failures) if failures else 0)
