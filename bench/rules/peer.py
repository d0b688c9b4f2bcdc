"""Itemsets and rules by other programs, over baskets in memory as Python has them:

    peer.py count|lists FILE.dat SUPPORT eclat-o|eclat|fpgrowth-d|apriori
    peer.py rules FILE.dat SUPPORT arules|arules-counted
    peer.py mlxtend FILE.dat SUPPORT

count: the number of itemsets by pyfim, in the call: it reads Python's lists (the time of `lists`,
which asks for sets longer than any basket), mines, and counts what it finds by size and support.
rules: with one item in the head and half of the bodies, with their confidence, as Python's lists
or counted; beside `count` by fpgrowth-d it says what the rules took. mlxtend: association_rules
alone, with heads of any size, of itemsets that are there. Prints for bench/measure.c the seconds
of the processor and how many there are."""
import sys
import time

import fim

verb, path, support, *words = sys.argv[1:]
support = int(support)
with open(path, encoding="ascii") as file:
    baskets = [tuple(map(int, line.split())) for line in file]


def miner(name):
    name, _, variant = name.partition("-")
    options = {"algo": variant} if variant else {}
    return lambda **more: getattr(fim, name)(baskets, supp=-support, **options, **more)


def spectrum(found):
    """How many: of each size and support."""
    return int(sum(found.values()))


def rules(report):
    """o: the support is that of body and head together."""
    return fim.arules(baskets, supp=-support, conf=50, zmin=2, report=report, mode="o")


def itemsets():
    import pandas
    found = fim.fpgrowth(baskets, supp=-support, report="a")
    return pandas.DataFrame({"support": [count / len(baskets) for _, count in found],
                             "itemsets": [frozenset(items) for items, _ in found]})


if verb == "count":
    mine = miner(words[0])
    job = lambda: spectrum(mine(report="#"))
elif verb == "lists":
    mine = miner(words[0])
    job = lambda: len(mine(report="a", zmin=1 + max(map(len, baskets))))
elif verb == "rules" and words[0] == "arules":
    job = lambda: len(rules(report="c"))
elif verb == "rules":
    job = lambda: spectrum(rules(report="#"))
elif verb == "mlxtend":
    from mlxtend.frequent_patterns import association_rules
    frequent = itemsets()
    job = lambda: len(association_rules(frequent, num_itemsets=len(baskets), min_threshold=0.5))
else:
    sys.exit(__doc__)
began = time.process_time()
answer = job()
seconds = time.process_time() - began
print(f"check={answer}")
print(f"seconds={seconds:.9f}")
