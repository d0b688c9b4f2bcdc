"""The whole job on the real Online Retail log: its RFM table equals the truth given with
the data for every customer, its lists are complete, and a second run publishes nothing."""
import csv
import hashlib
import json
import os
import subprocess
import sys

log = os.environ["DATA"] + "/transactions/online_retail.csv.gz"
if not os.path.exists(log):
    print("no " + log)
    sys.exit(77)

job = [os.environ["SEGMILL"], "run", os.environ["TREE"] + "/models/online-retail.job",
       "shop.input=" + log, "job.output=out"]
failures = []


def check(what, ok):
    if not ok:
        failures.append(what)


def run(*more):
    done = subprocess.run(job + ["--json", *more], capture_output=True, text=True)
    if done.returncode != 0 or done.stderr:
        sys.exit(f"exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


first = run()
check("the first run publishes", first["published_before"] is False)

rows = list(csv.DictReader(open("out/current/crm/members.csv", encoding="utf-8")))
bought = [r for r in rows if r["recency_days"] != ""]
check("4,338 customers bought, 34 only sent back", (len(bought), len(rows)) == (4338, 4372))
bought.sort(key=lambda r: r["customer"])
table = "".join(f'{r["customer"]},{r["recency_days"]},{r["frequency"]},'
                f'{r["monetary"].replace(".", "")}\n' for r in bought)
check("R, F and M of every customer", hashlib.sha256(table.encode()).hexdigest()[:16]
      == "dd57ffa329b895a6")
scores = "".join(f'{r["customer"]},{r["rfm"]}\n' for r in bought)
check("the RFM cell of every customer", hashlib.sha256(scores.encode()).hexdigest()[:16]
      == "971b940067c6dac1")
check("324 are 555", sum(r["rfm"] == "555" for r in bought) == 324)
check("one as-of date", {r["as_of"] for r in rows} == {"2011-12-10"})

for name in ("out", "out/current/who.h5", "out/current/segments.model", "out/current/rfm.model",
             "out/current/baskets.model"):
    done = subprocess.run([os.environ["SEGMILL"], "verify", name], capture_output=True, text=True)
    check(f"{name} verifies: {done.stderr}", done.returncode == 0)

second = run("--threads", "1")
check("the second run finds the first", second["published_before"] is True)
check("and is the same one", second["directory"] == first["directory"])

sys.exit("\n".join(failures) if failures else 0)
