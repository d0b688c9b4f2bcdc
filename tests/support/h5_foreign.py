"""h5_foreign.py DIR: the same little table in the forms other people write it, for
test_h5_foreign. Exit 77 when h5py or anndata is not installed."""
import os
import sys
import warnings

try:
    warnings.simplefilter("ignore")
    import anndata
    import h5py
    import numpy as np
    import pandas as pd
    import scipy.sparse
except ImportError as e:
    print(e)
    sys.exit(77)
os.chdir(sys.argv[1])

# row r, column c: r + c / 4, and row 3, column 1 missing
N, D = 3000, 3
x = np.arange(N)[:, None] + np.arange(D)[None, :] / 4.0
x[3, 1] = np.nan


def plain(name, data, attrs=None, path="data", **how):
    with h5py.File(name + ".h5", "w") as f:
        d = f.create_dataset(path, data=data, **how)
        for key, value in (attrs or {}).items():
            d.attrs[key] = value


plain("f64", x)
plain("f32", x.astype("f4"))
plain("be64", x.astype(">f8"))
plain("be32", x.astype(">f4"))
plain("gzip", x, chunks=(700, 2), compression="gzip")
plain("shuffle", x, chunks=(100, 3), compression="gzip", shuffle=True, fletcher32=True)
plain("lzf", x.astype("f4"), chunks=(1000, 2), compression="lzf", shuffle=True)
plain("chunked", x, chunks=(17, 2))
plain("growing", x, chunks=(512, 3), maxshape=(None, 3))
plain("named", x, {"columns": ["one", "two", "three"]})
plain("bytes_named", x, {"names": np.array([b"one", b"two", b"three"])})
plain("deep", x, path="a/b/matrix")
with h5py.File("latest.h5", "w", libver="latest") as f:
    f.create_dataset("data", data=x, chunks=(50, 2), maxshape=(None, None), compression="gzip")

whole = (np.arange(N)[:, None] * 2 + np.arange(D)[None, :]) % 100
for kind in ("i1", "u1", "<i2", ">i2", "u2", "i4", ">u4", "i8", ">i8", "u8", "f2", ">f2"):
    plain("whole_" + kind.replace("<", "").replace(">", "be_"), whole.astype(kind))

with h5py.File("table.h5", "w") as f:
    t = np.zeros(N, dtype=[("id", "S6"), ("age", "<f8"), ("visits", ">i4"), ("ok", "?"),
                           ("town", "S9")])
    t["id"] = [b"k%d" % i for i in range(N)]
    t["age"] = x[:, 1]
    t["visits"] = whole[:, 0]
    t["ok"] = whole[:, 0] > 50
    t["town"] = "Zürich".encode()
    f.create_dataset("table", data=t, chunks=(600,), compression="gzip")
with h5py.File("vlen_table.h5", "w") as f:
    t = np.zeros(N, dtype=[("a", "<i2"), ("id", h5py.string_dtype()), ("b", "<f8"),
                           ("town", h5py.string_dtype()), ("c", "<f4")])
    t["a"] = whole[:, 0]
    t["id"] = ["k%d" % i for i in range(N)]
    t["b"] = x[:, 1]
    t["town"] = "Zürich"
    t["c"] = x[:, 2]
    f.create_dataset("table", data=t)

obs = pd.DataFrame({
    "plan": pd.Categorical(["gold", "silver", None] * (N // 3), categories=["gold", "silver"]),
    "grade": pd.Categorical([1, 2, 5] * (N // 3)),
    "spent": x[:, 1],
    "visits": whole[:, 0],
    "churned": whole[:, 0] > 50,
    "maybe": pd.array([True, None, False] * (N // 3), dtype="boolean"),
    "count": pd.array([7, None, -2] * (N // 3), dtype="Int64"),
    "town": ["Zürich", "Rio de Janeiro", ""] * (N // 3),
}, index=["k%d" % i for i in range(N)])
var = pd.DataFrame(index=["one", "two", "three"])
anndata.AnnData(x.copy(), obs=obs, var=var, dtype="f8").write_h5ad("anndata.h5ad")
anndata.AnnData(x.copy(), obs=obs, var=var, dtype="f8").write_h5ad("anndata_gz.h5ad",
                                                                   compression="gzip")
anndata.AnnData(None, obs=obs).write_h5ad("obs_only.h5ad")
ones = scipy.sparse.csr_matrix((whole % 3 == 1).astype("f4"))
anndata.AnnData(ones, var=var, dtype="f4").write_h5ad("baskets.h5ad")
unsorted = ones.copy()
for r in range(N):
    part = slice(unsorted.indptr[r], unsorted.indptr[r + 1])
    unsorted.indices[part] = unsorted.indices[part][::-1].copy()
anndata.AnnData(unsorted, var=var, dtype="f4").write_h5ad("unsorted.h5ad")
amounts = scipy.sparse.csr_matrix(np.where(whole % 3 == 1, whole, 0).astype("f8"))
anndata.AnnData(amounts, var=var, dtype="f8").write_h5ad("amounts.h5ad", compression="gzip")
anndata.AnnData(amounts.tocsc(), var=var, dtype="f8").write_h5ad("csc.h5ad")

# what is refused, and why
inf = x.copy()
inf[2, 1] = np.inf
plain("infinite", inf)
big = x.copy()
big[5, 2] = 1e300
plain("too_large", big)
plain("complex", x.astype("c16"))
plain("texts", np.array([[b"a", b"b"]]))
plain("cube", np.zeros((2, 2, 2)))
plain("nothing", h5py.Empty("f8"))
plain("no_rows", np.zeros((0, 3)))
plain("scale_offset", whole.astype("i4"), chunks=(100, 3), scaleoffset=4)
with h5py.File("two.h5", "w") as f:
    f["a"] = x
    f["b"] = x
with h5py.File("soft.h5", "w") as f:
    f["hidden/y"] = x
    f["data"] = h5py.SoftLink("/hidden/y")
with h5py.File("external.h5", "w") as f:
    f["data"] = h5py.ExternalLink("f64.h5", "/data")
    f["hidden/y"] = x
with h5py.File("holes.h5", "w") as f:
    d = f.create_dataset("data", shape=(N, D), chunks=(100, 3))
    d[:100] = 1
