"""Every session in README.md, run again: each `$ command` in a ```console block prints what
stands below it. Times differ from run to run: they count as equal. The session of a data set
that is not there is left out, and that is said. UPDATE=1 rewrites."""
import os
import re
import shutil
import subprocess
import sys

tree = os.environ["TREE"]
path = tree + "/README.md"
os.environ.update(LC_ALL="C.UTF-8", COLUMNS="100")   # what a terminal would be
text = open(path, encoding="utf-8").read()
for name in ("datasets", "models", "scripts"):
    shutil.copytree(f"{tree}/{name}", name)

real = ["transactions/online_retail.csv.gz", "churn/telco_churn.csv", "baskets/groceries.csv.gz",
        "baskets/groceries.items.tsv"]
absent = []
for file in real:
    name = os.path.basename(file)
    if os.path.exists(f"{os.environ['DATA']}/{file}"):
        os.symlink(os.path.abspath(f"{os.environ['DATA']}/{file}"), name)
    else:
        print(f"no {name}: its session is left out")
        absent.append(name)

times = re.compile(r"(?<=wall_seconds  )[0-9.]+$|(?<=cpu_seconds   )[0-9.]+$", re.M)
failures = []


def plain(output):
    return times.sub("TIME", output).rstrip()


def rerun(block):
    shown = []
    if any(name in block.group(1) for name in absent):
        return block.group(0)
    for part in re.split(r"^\$ ", block.group(1), flags=re.M)[1:]:
        command, _, expected = part.partition("\n")
        done = subprocess.run(command, shell=True, capture_output=True, text=True)
        printed = done.stdout + done.stderr
        if plain(printed) != plain(expected):
            failures.append(f"$ {command}\n--- README\n{expected}\n--- printed\n{printed}")
            expected = printed
        shown.append(f"$ {command}\n{expected.rstrip()}\n" if expected.strip() else f"$ {command}\n")
    return "```console\n" + "".join(shown) + "```"


blocks = re.compile(r"```console\n(.*?)```", re.S)
if not blocks.search(text):
    sys.exit("README.md shows no session")
again = blocks.sub(rerun, text)
if os.environ.get("UPDATE"):
    open(path, "w", encoding="utf-8").write(again)
    sys.exit(0)
sys.exit("\n\n".join(failures) if failures else 0)
