"""anndata opens every kind of file we write without a warning, with the names in place."""
import os
import subprocess
import sys
import warnings

try:
    warnings.simplefilter("ignore")
    import anndata
    import h5py
    from anndata.experimental import read_elem
except ImportError as missing:
    print(missing)
    sys.exit(77)
warnings.simplefilter("error")

shop = os.environ["TREE"] + "/datasets/"
failures = []


def check(what, ok):
    if not ok:
        failures.append(what)


def segmill(*words):
    done = subprocess.run([os.environ["SEGMILL"], *words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"segmill {' '.join(words)}: exit {done.returncode}: {done.stderr}")


segmill("import", shop + "customers.csv", "--id", "customer_id", "--label", "churned",
        "-o", "customers.h5")
segmill("import", shop + "orders.csv", "--kind", "transactions", "-o", "orders.h5")
segmill("import", shop + "orders.csv", "--kind", "baskets", "--order", "order_id", "--item", "sku",
        "-o", "baskets.h5")
segmill("features", "orders.h5", "-o", "features.h5")
segmill("train", "kmeans", "customers.h5", "--k", "4", "-o", "kmeans.model", "--scores", "kmeans.h5")
segmill("train", "tree", "customers.h5", "-o", "tree.model", "--scores", "tree.h5")
segmill("train", "rules", "baskets.h5", "--min-support", "20", "--min-confidence", "0.3",
        "-o", "rules.model")
segmill("train", "rfm", "orders.h5", "-o", "rfm.model", "--scores", "rfm.h5")
segmill("score", "rules.model", "orders.h5", "-o", "offers.h5")

with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    read = {name: anndata.read_h5ad(name) for name in sorted(os.listdir("."))
            if name != "orders.h5"}
    backed = anndata.read_h5ad("customers.h5", backed="r")
    with h5py.File("orders.h5") as file:
        transactions = read_elem(file["transactions"])
for warning in seen:
    failures.append(f"{warning.filename}:{warning.lineno}: {warning.message}")

customers = read["customers.h5"]
check("customers by id", customers.obs_names[0] == "K0000001")
check("features by name", "visits_30d" in customers.var_names)
check("the label is a category", set(customers.obs["churned"].cat.categories) == {"no", "yes"})
check("backed reading gives the names", list(backed.var_names) == list(customers.var_names))
check("500 customers", customers.n_obs == 500)
check("7,327 lines", len(transactions) == 7327)
check("items by name", "BE-101" in set(transactions["item"]))
check("baskets are sparse", read["baskets.h5"].X.nnz > 0)
check("items of baskets", "BE-101" in read["baskets.h5"].var_names)
check("customer features", {"recency_days", "frequency", "monetary"}
      <= set(read["features.h5"].var_names))
check("four centroids", read["kmeans.model"].shape[0] == 4)
check("centroids have their features", "age" in read["kmeans.model"].var_names)
check("nodes of the tree", read["tree.model"].n_obs >= 3)
check("rules", read["rules.model"].n_obs > 0)
check("scores of k-means", {"segment", "segment_name", "distance", "margin"}
      <= set(read["kmeans.h5"].obs.columns))
check("scores of the tree", "churn_probability" in read["tree.h5"].obs.columns)
check("scores of rfm", {"recency_days", "r", "f", "m", "rfm", "segment_name"}
      <= set(read["rfm.h5"].obs.columns))
check("offers", "offer_1" in read["offers.h5"].obs.columns)

sys.exit("\n".join(failures) if failures else 0)
