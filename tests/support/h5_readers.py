"""h5_readers.py DIR: other programs open the tables that test_h5_anndata wrote.

A warning counts as an error: a data scientist who opens our file sees none. Exit 77 when
anndata is not installed."""
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
folder = sys.argv[1]


def check_frame(frame, n):
    assert len(frame) == n
    assert list(frame.columns) == ["churned", "since", "last_seen", "spent", "visits", "score",
                                   "dtype_", "town", "nothing", "blank"], frame.columns
    assert list(frame["churned"].cat.categories) == ["No", "Yes"]
    assert not frame["churned"].cat.ordered
    assert frame["churned"].iloc[0] == "No"
    assert frame["since"].dtype == np.int32 and frame["last_seen"].dtype == np.int64
    assert frame["town"].iloc[1] == "Münch121"
    assert frame["blank"].isna().all()


def check_features():
    a = anndata.read_h5ad(f"{folder}/features.h5")
    assert a.shape == (3000, 3)
    assert list(a.var_names) == ["age", "plan/type", "empty"]
    assert a.obs_names[7] == "k-7" and a.obs.index.name == "customer id"
    check_frame(a.obs, 3000)
    x = np.asarray(a.X)
    assert x.dtype == np.float32 and np.isnan(x[:, 2]).all()
    age = x[:, 0][~np.isnan(x[:, 0])].astype(np.float64)
    row = a.var.loc["age"]
    assert row["n_missing"] == 3000 - len(age)
    np.testing.assert_allclose(
        [row["mean"], row["std"], row["min"], row["max"], row["median"]],
        [age.mean(), age.std(), age.min(), age.max(), np.median(age)], rtol=1e-12)
    assert row["unit"] == "years" and row["source"] == "age as given"
    assert list(a.var["kind"]) == ["number", "category", "number"]
    ours = a.uns["segmill"]
    assert ours["kind"] == "features" and ours["as_of"] == "2011-12-09"
    assert list(ours["categories"]["plan_type"]) == ["gold", "silver", "bronze"]
    a.write_h5ad(f"{folder}/again.h5ad")
    b = anndata.read_h5ad(f"{folder}/again.h5ad")
    pd.testing.assert_frame_equal(a.to_df(), b.to_df())
    backed = anndata.read_h5ad(f"{folder}/features.h5", backed="r")
    assert backed.X.shape == (3000, 3)
    backed.file.close()


def check_plain():
    with h5py.File(f"{folder}/features.h5", "r") as f:
        x = f["X"]
        assert x.id.get_offset() % 4096 == 0 and x.chunks is None and x.dtype == "<f4"
        assert f["obs/since"].attrs["units"] == "days since 1970-01-01"
        assert f["obs/last_seen"].attrs["units"] == "seconds since 1970-01-01"
        assert f["obs/spent"].attrs["scale"] == 100
        assert f["obs/dtype_"].attrs["original-name"] == "dtype"
        assert f["obs/churned/codes"].dtype == np.int8
        for name, value in f["obs"].attrs.items():
            assert not isinstance(value, bytes), name


def check_numbered():
    a = anndata.read_h5ad(f"{folder}/numbered.h5")
    assert list(a.obs_names[:3]) == ["0", "1", "2"]


def check_baskets():
    a = anndata.read_h5ad(f"{folder}/baskets.h5")
    assert a.shape == (3000, 7) and a.var_names[6] == "item 6"
    assert a.X.format == "csr" and set(a.X.data) == {1} and a.X.has_sorted_indices
    check_frame(a.obs, 3000)


def check_transactions():
    with h5py.File(f"{folder}/transactions.h5", "r") as f:
        frame = read_elem(f["transactions"])
        ours = read_elem(f["uns"])["segmill"]
    check_frame(frame, 3000)
    assert frame.index[2999] == 2999
    assert ours["zone"] == "Europe/Berlin" and ours["currency"] == "EUR"


def check_scores():
    a = anndata.read_h5ad(f"{folder}/scores.h5")
    assert a.shape == (3000, 0)
    check_frame(a.obs, 3000)
    assert a.obs_names[2999] == "k-2999"


for check in (check_features, check_plain, check_numbered, check_baskets, check_transactions,
              check_scores):
    check()
