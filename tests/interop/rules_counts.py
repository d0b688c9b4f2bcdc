"""The numbers of itemsets (by length), closed and maximal ones and rules that other programs agree
on: every line of both tables of the ground truth, through `train rules --count-only`. Without
FULL=1 only the lines of few sets; with it also those of baskets that have to be made first."""
import json
import os
import re
import subprocess
import sys
import time

segmill, build = os.environ["SEGMILL"], os.environ["BUILD"]
data = os.environ["DATA"] + "/baskets"
full = bool(os.environ.get("FULL"))
MADE = {   # what the ground truth calls these baskets, and how they come about
    "T40like": "make-baskets quest 100000 40 10 1000 2000 1",
    "connect42": "make-positions",
    "clicks990k": "make-baskets clicks 990000 8.1 41000 800 7",
}
ANY_HEAD = "1000000"
if not os.path.exists(data + "/counts.md"):
    print(f"{data}/counts.md is not there")
    sys.exit(77)


def tables(text):
    """Of every line with a number of itemsets: name, support, and what is known of it."""
    lines = {}
    for row in re.findall(r"^\|(.*)\|$", text.split("## Peer times")[0], re.M):
        name, support, sets, closed, maximal, one, many = [cell.strip() for cell in row.split("|")]
        if support.isdigit():
            lines[name, int(support)] = {"itemsets": int(sets), "closed": closed,
                                         "maximal": maximal, "one": one, "many": many}
    for name, support, lengths in re.findall(r"^(\w+) (\d+): ([\d ]+)$", text, re.M):
        lines[name, int(support)]["lengths"] = [int(n) for n in lengths.split()]
    return lines


def baskets(name):
    """The baskets as a file of ours, made when they are needed first."""
    path = name + ".h5"
    if os.path.exists(path):
        return path
    text = f"{data}/{name}.dat.gz"
    if name in MADE:
        text = name + ".dat"
        program, *words = MADE[name].split()
        with open(text, "wb") as file:
            subprocess.run([f"{build}/bench/rules/{program}", *words], stdout=file, check=True)
    subprocess.run([segmill, "import", text, "--kind", "baskets", "-o", path, "--quiet"],
                   check=True, stdout=subprocess.DEVNULL)
    return path


def count(line, *options):
    name, support = line
    words = [segmill, "train", "rules", baskets(name), "--min-support", str(support), *options,
             "--count-only", "-o", "counts.model", "--json", "--quiet"]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        failures.append(f"{line} {options}: exit {done.returncode}: {done.stderr.strip()}")
        return {"itemsets": None, "itemsets_by_length": None, "rules": None}
    return json.loads(done.stdout)


def check(line, what, got, want):
    global checked
    checked += 1
    if got != want:
        failures.append(f"{line[0]} {line[1]}: {what}: {got} is not {want}")


def check_line(line, known):
    got = count(line, "--target", "itemsets")
    check(line, "itemsets", got["itemsets"], known["itemsets"])
    check(line, "by length", got["itemsets_by_length"], known["lengths"])
    for target in "closed", "maximal":
        if known[target]:
            got = count(line, "--target", target)
            check(line, target, got["itemsets"], int(known[target]))
    for head, most in (("one", "1"), ("many", ANY_HEAD)):
        for confidence, rules in zip(("0.5", "0.8"), known[head].split(" / ")):
            if rules:
                got = count(line, "--min-confidence", confidence, "--max-head", most)
                check(line, f"rules at {confidence}, heads of {head}", got["rules"], int(rules))
                check(line, "by length beside rules", got["itemsets_by_length"], known["lengths"])


def here(name):
    """Whether the baskets can be had; with FULL=1 they all should be."""
    if name in MADE:
        return full and os.path.exists(f"{build}/bench/rules/{MADE[name].split()[0]}")
    return os.path.exists(f"{data}/{name}.dat.gz")


def count_alone(known):
    """Nothing has to be listed, which hardly takes time."""
    return few > 6000 and not known["closed"]


# Sanitizers take ten times as long.
few = 200000 if os.path.basename(build) in ("release", "clang") else 6000
failures, checked, left_out = [], 0, 0
with open(data + "/counts.md", encoding="utf-8") as file:
    truth = tables(file.read())
assert len(truth) > 30 and all("lengths" in known for known in truth.values()), "another counts.md"
for line, known in truth.items():
    if not here(line[0]) or not (full or known["itemsets"] <= few or count_alone(known)):
        left_out += 1
        continue
    began = time.monotonic()
    check_line(line, known)
    if full or os.environ.get("VERBOSE"):
        print(f"{line[0]} {line[1]}: {time.monotonic() - began:.2f} s", flush=True)
for failure in failures:
    print(failure)
print(f"{checked} numbers of {len(truth) - left_out} lines agree, {left_out} lines left out"
      if not failures else f"{len(failures)} numbers differ")
sys.exit(bool(failures))
