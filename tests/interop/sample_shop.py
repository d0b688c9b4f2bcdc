"""The sample shop is what datasets/README.md says: same bytes, and two files that agree."""
import collections
import csv
import hashlib
import os
import re
import subprocess
import sys
from decimal import Decimal

tree = os.environ["TREE"]
subprocess.run([os.environ["BUILD"] + "/make-data", "-o", "shop"], check=True)

failures = []


def check(what, ok):
    if not ok:
        failures.append(what)


readme = open(tree + "/datasets/README.md", encoding="utf-8").read()
for name in ("customers.csv", "orders.csv"):
    made = open("shop/" + name, "rb").read()
    kept = open(tree + "/datasets/" + name, "rb").read()
    check(f"{name} is made again byte by byte", made == kept)
    check(f"{name} has the digest of the table", hashlib.sha256(kept).hexdigest() in readme)

customers = list(csv.DictReader(open("shop/customers.csv", encoding="utf-8")))
orders = list(csv.DictReader(open("shop/orders.csv", encoding="utf-8")))
for row in (customers[0], orders[0]):
    for column in row:
        check(f"column {column} is documented", f"| `{column}` |" in readme)

spend = collections.Counter()
count = collections.defaultdict(set)
for line in orders:
    spend[line["customer_id"]] += int(line["quantity"]) * Decimal(line["unit_price"])
    if not line["order_id"].startswith("C"):
        count[line["customer_id"]].add(line["order_id"])
    check("goods come back in C orders only",
          line["order_id"].startswith("C") == (int(line["quantity"]) < 0))
for c in customers:
    check("spend is the sum of the lines", spend[c["customer_id"]] == Decimal(c["spend"]))
    check("orders are counted", len(count[c["customer_id"]]) == int(c["orders"]))

times = [line["order_time"] for line in orders]
check("lines are in the order of time", times == sorted(times))
check("times are of 2024", all(re.fullmatch(r"2024-\d\d-\d\d \d\d:\d\d", t) for t in times))
guests = sum(line["customer_id"] == "" for line in orders) / len(orders)
check("about a tenth of the lines are of guests", 0.05 < guests < 0.15)

print("\n".join(sorted(set(failures))))
sys.exit(bool(failures))
