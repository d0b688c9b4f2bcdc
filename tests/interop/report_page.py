"""The page of a run as a browser's and a screen reader's rules see it: well-formed, nothing
from outside, every table with a caption, every drawing with a title; and its numbers are
those that h5py and the lists give."""
import collections
import csv
import html.parser
import os
import subprocess
import sys
import xml.etree.ElementTree as tree_of

try:
    import h5py
except ImportError as e:
    print(e)
    sys.exit(77)

tree = os.environ["TREE"]
subprocess.run([os.environ["SEGMILL"], "run", f"{tree}/models/shop.job",
                f"job.output={os.getcwd()}/out", "--quiet"], check=True)
run = "out/current"
text = open(f"{run}/page.html", encoding="utf-8").read()
assert len(text.encode()) < 300 * 1024

# Well-formed as XML, and as HTML nothing is implied.
page = tree_of.fromstring(text)
assert page.get("lang") == "en"


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.count = [], [], collections.Counter()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.note(tag, attrs)

    def handle_startendtag(self, tag, attrs):
        self.note(tag, attrs)

    def note(self, tag, attrs):
        self.count[tag] += 1
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), attrs
        for name, value in attrs:
            assert not name.startswith("on") and name != "src", attrs
            assert name != "href" or value.startswith("#"), attrs
            if name == "id":
                self.ids.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


tags = Tags()
tags.feed(text)
assert tags.open == [] and len(tags.ids) == len(set(tags.ids))
assert tags.count["script"] == tags.count["link"] == tags.count["img"] == 0
assert tags.count["table"] == tags.count["caption"] > 8
for link in page.iter("a"):
    assert link.get("href")[1:] in tags.ids
for drawing in page.iter("svg"):
    assert drawing.get("role") == "img"
    named = drawing.get("aria-labelledby").split()
    assert [drawing.find("title").get("id"), drawing.find("desc").get("id")] == named
for table in page.iter("table"):
    heads = len(table.find("thead/tr"))
    assert {len(row) for row in table.find("tbody")} <= {heads}, table.find("caption").text


# Numbers. Rows of a table by the text of their first cell.
def rows(caption):
    found = [t for t in page.iter("table") if t.find("caption").text.startswith(caption)]
    return [{row[0].text: ["".join(cell.itertext()) for cell in row[1:]]
             for row in t.find("tbody")} for t in found]


def category(path, name):
    with h5py.File(path) as f:
        column = f["obs"][name]
        names = [n.decode() if isinstance(n, bytes) else n for n in column["categories"][:]]
        return [names[c] if c >= 0 else None for c in column["codes"][:]]


shown = rows("Customers by segment")
for path in ("value.h5", "who.h5"):
    counts = collections.Counter(category(f"{run}/{path}", "segment_name"))
    matching = [t for t in shown if set(counts) <= set(t)]
    assert len(matching) == 1, path
    for name, cells in matching[0].items():
        assert int(cells[0].replace(",", "")) == counts.get(name, 0), (path, name)
        assert cells[1] == f"{100 * counts.get(name, 0) / sum(counts.values()):.1f}\u00a0%"

with h5py.File(f"{run}/who.h5") as f:
    decile, p = f["obs/churn_decile"][:], f["obs/churn_probability"][:].astype(float)
for name, cells in rows("Lift")[0].items():
    chosen = p[decile == int(name)]
    assert int(cells[0]) == len(chosen)
    if len(chosen):
        assert abs(float(cells[1].rstrip("\u00a0%")) - 100 * chosen.mean()) <= 0.051
        assert abs(float(cells[4]) - chosen.mean() / p.mean()) <= 0.0051

with open(f"{run}/crm/members.csv", encoding="utf-8", newline="") as f:
    members = list(csv.DictReader(f))
assert int(rows("Customers by list")[0]["crm"][0]) == len(members)

# Nobody is in it.
key = next(iter(members[0]))
assert not any(member[key] in text for member in members)
assert "@" not in text.split("</style>")[1]
print("page ok")
