"""Every file the program writes opens in anndata, with names and without a warning; and
what h5py and anndata write opens in the program, with the same figures."""
import json
import os
import subprocess
import sys
import warnings

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")   # of the import itself
        import anndata
        import h5py
        import numpy as np
        import pandas as pd
        from anndata.experimental import read_elem
except ImportError as e:
    print(e)
    sys.exit(77)
warnings.simplefilter("error")
tree = os.environ["TREE"]


def segmill(*words):
    done = subprocess.run([os.environ["SEGMILL"], *words, "--json"], capture_output=True,
                          text=True)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return json.loads(done.stdout)


segmill("import", f"{tree}/datasets/customers.csv", "--id", "customer_id", "--label", "churned",
        "-o", "customers.h5")
segmill("import", f"{tree}/datasets/orders.csv", "--kind", "transactions", "--customer",
        "customer_id", "--time", "order_time", "--order", "order_id", "--item", "product",
        "--quantity", "quantity", "--price", "unit_price", "-o", "orders.h5")
segmill("train", "kmeans", "customers.h5", "--k", "4", "-o", "kmeans.h5")
segmill("train", "tree", "customers.h5", "-o", "tree.h5")
segmill("train", "rules", "orders.h5", "--min-support", "0.01", "--min-confidence", "0.2", "-o",
        "rules.h5")
segmill("train", "rfm", "orders.h5", "-o", "rfm.h5")
segmill("score", "kmeans.h5", "customers.h5", "-o", "scores.h5")

# our files, in their hands
csv = pd.read_csv(f"{tree}/datasets/customers.csv")
a = anndata.read_h5ad("customers.h5")
assert list(a.obs_names) == list(csv["customer_id"])
for name in a.var_names[a.var["kind"] == "number"]:
    np.testing.assert_allclose(a.to_df()[name], csv[name], rtol=1e-6, err_msg=name)
    np.testing.assert_allclose(a.var.loc[name, "mean"], csv[name].mean(), rtol=1e-6)
    np.testing.assert_allclose(a.var.loc[name, "std"], csv[name].std(ddof=0), rtol=1e-5)
    np.testing.assert_allclose(a.var.loc[name, "median"], csv[name].median(), rtol=1e-6)
for name in a.var_names[a.var["kind"] == "category"]:
    levels = a.uns["segmill"]["categories"][name]
    codes = a.to_df()[name]
    got = [levels[int(c)] if c == c else None for c in codes]
    want = [str(v) if v == v else None for v in csv[name]]
    assert got == want, name

# an archive holds the same, in chunks that h5py undoes by itself
segmill("import", f"{tree}/datasets/customers.csv", "--id", "customer_id", "--label", "churned",
        "--archive", "-o", "archive.h5")
segmill("verify", "archive.h5")
packed = anndata.read_h5ad("archive.h5")
assert np.array_equal(packed.X, a.X, equal_nan=True)
assert packed.obs.equals(a.obs) and packed.var.equals(a.var)
backed = anndata.read_h5ad("archive.h5", backed="r")
assert np.array_equal(backed.X[17:99], a.X[17:99], equal_nan=True)
backed.file.close()
with h5py.File("archive.h5", "r") as f:
    x = f["X"]
    assert (x.compression, x.compression_opts, x.shuffle) == ("gzip", 4, False)
    assert x.chunks == (min(len(csv), 16384), 1)

with h5py.File("orders.h5", "r") as f:
    orders = read_elem(f["transactions"])
csv_orders = pd.read_csv(f"{tree}/datasets/orders.csv")
assert len(orders) == len(csv_orders)
assert list(orders.select_dtypes("category")), orders.dtypes

for name in ("kmeans", "tree", "rules", "rfm", "scores"):
    a = anndata.read_h5ad(f"{name}.h5")
    assert a.uns["segmill"]["kind"] == ("scores" if name == "scores" else "model")
    assert a.n_obs > 0
    if name != "tree":   # its rows are numbered nodes
        assert not a.obs_names[0].isdigit(), (name, a.obs_names[:3])
    segmill("verify", f"{name}.h5")

# their files, in ours: the same customers give the same clusters
numbers = [c for c in csv.columns
           if pd.api.types.is_numeric_dtype(csv[c]) and c not in ("churned", "customer_id")]
x = csv[numbers].to_numpy("f8")
with h5py.File("theirs.h5", "w") as f:
    plain = f.create_dataset("group/matrix", data=x, chunks=(300, 4), compression="gzip",
                             shuffle=True)
    plain.attrs["columns"] = numbers
obs = pd.DataFrame(index=csv["customer_id"].astype(str))
anndata.AnnData(x.astype("f4"), obs=obs, var=pd.DataFrame(index=numbers),
                dtype="f4").write_h5ad("theirs.h5ad")
wanted = segmill("train", "kmeans", "theirs.h5ad", "--k", "4", "-o", "one.h5")
got = segmill("train", "kmeans", "theirs.h5:/group/matrix", "--k", "4", "-o", "two.h5")
assert got["inertia"] == wanted["inertia"] and got["sizes"] == wanted["sizes"]
only = segmill("train", "kmeans", "customers.h5", "--k", "4", "--features", ",".join(numbers),
               "-o", "three.h5")
assert only["inertia"] == wanted["inertia"] and only["sizes"] == wanted["sizes"]
