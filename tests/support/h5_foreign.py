"""h5_foreign.py DIR: the same little table in the forms other people write it, for
test_h5_foreign. Exit 77 when h5py or anndata is not installed."""
import ctypes
import os
import struct
import sys
import warnings
import zlib

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

# ---- chunks under every filter, packed here and stored as they are -------------------


def shuffled(raw, size):
    return np.frombuffer(raw, "u1").reshape(-1, size).T.tobytes()


def fletcher(raw):
    low = high = 0   # reduced only at the end, to 1 .. 65535 unless all is 0
    for pair in np.frombuffer(raw + bytes(len(raw) % 2), ">u2").tolist():
        low += pair
        high += low
    low, high = (v and (v - 1) % 65535 + 1 for v in (low, high))
    return raw + struct.pack("<I", high << 16 | low)


def by_library(name, function, *types):
    try:
        f = getattr(ctypes.CDLL(name), function)
    except OSError:
        return None
    f.restype, f.argtypes = ctypes.c_size_t, types
    return f


P, S, I = ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int
zstd_c = by_library("libzstd.so.1", "ZSTD_compress", P, S, P, S, I)
blosc_c = by_library("libblosc.so.1", "blosc_compress_ctx", I, I, S, S, P, P, S, P, S, I)


def zstd(raw):
    out = ctypes.create_string_buffer(len(raw) + 1024)
    n = zstd_c(out, len(out), raw, len(raw), 3)
    return out.raw[:n]


def blosc(codec, raw, size=8):
    out = ctypes.create_string_buffer(len(raw) + 1024)
    n = blosc_c(5, 1, size, len(raw), raw, out, len(out), codec, 0, 1)
    return out.raw[:n]


ZSTD, BLOSC, LZF = 32015, 32001, 32000
OPTIONAL = h5py.h5z.FLAG_OPTIONAL


def packed(name, filters, pack, data=None, chunk=(700, 2), skip=(), fill=None, kind="<f8"):
    """pack(raw bytes, chunk number) gives the stored bytes, or those and a filter mask."""
    data = (x if data is None else data).astype(kind)
    with h5py.File(name + ".h5", "w") as f:
        space = h5py.h5s.create_simple(data.shape, (h5py.h5s.UNLIMITED, h5py.h5s.UNLIMITED))
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk(chunk)
        for number, values in filters:
            if number == 2:
                plist.set_shuffle()
            elif number == 3:
                plist.set_fletcher32()
            elif number == 1:
                plist.set_deflate(4)
            else:
                plist.set_filter(number, OPTIONAL, values)
        if fill is not None:
            plist.set_fill_value(np.array(fill, kind))
        d = h5py.h5d.create(f.id, b"data", h5py.h5t.py_create(np.dtype(kind)), space, plist)
        k = 0
        for r in range(0, data.shape[0], chunk[0]):
            for c in range(0, data.shape[1], chunk[1]):
                block = np.full(chunk, 77, kind)   # what lies over the edge
                part = data[r:r + chunk[0], c:c + chunk[1]]
                block[:part.shape[0], :part.shape[1]] = part
                if k not in skip:
                    stored = pack(block.tobytes(), k)
                    stored, mask = stored if isinstance(stored, tuple) else (stored, 0)
                    d.write_direct_chunk((r, c), stored, mask)
                k += 1


if zstd_c:
    packed("zstd", [(ZSTD, (3,))], lambda raw, k: zstd(raw))
    packed("shuffle_zstd", [(2, ()), (ZSTD, ())], lambda raw, k: zstd(shuffled(raw, 8)))
    packed("zstd_twice", [(2, ()), (ZSTD, ()), (1, ()), (3, ())],
           lambda raw, k: fletcher(zlib.compress(zstd(shuffled(raw, 8)))))
if blosc_c:
    for codec in (b"blosclz", b"lz4", b"zlib", b"zstd"):
        packed("blosc_" + codec.decode(), [(BLOSC, (2, 2, 8, 11200, 5, 1, 0))],
               lambda raw, k: blosc(codec, raw))
# every other chunk without deflate, every third without shuffle
def left_out(raw, k):
    stored = raw if k % 3 == 0 else shuffled(raw, 8)
    return stored if k % 2 else zlib.compress(stored), (k % 2) << 1 | (k % 3 == 0)


packed("masked", [(2, ()), (1, ())], left_out, chunk=(100, 2))
packed("columns", [(1, ())], lambda raw, k: zlib.compress(raw), chunk=(1300, 1))
packed("columns_f4", [(2, ()), (1, ())], lambda raw, k: zlib.compress(shuffled(raw, 4)),
       chunk=(1300, 1), kind="<f4")
packed("wide_chunks", [(1, ())], lambda raw, k: zlib.compress(raw), chunk=(64, 5))
packed("rows_be", [(3, ())], lambda raw, k: fletcher(raw), chunk=(5, 3), kind=">f8")
packed("one_chunk", [(1, ())], lambda raw, k: zlib.compress(raw), chunk=(4000, 3))
packed("holes_nan", [(1, ())], lambda raw, k: zlib.compress(raw), chunk=(100, 3), fill=-5.5,
       skip=(1, 7, 29))
plain("many", np.arange(16384 * 16, dtype="f4").reshape(-1, 4), chunks=(4, 4), compression=1)



# damaged chunks: the fifth, from row 400 on
def fifth(good, bad):
    return lambda raw, k: bad(raw) if k == 4 else good(raw)


packed("bad_deflate", [(1, ())], fifth(zlib.compress, lambda raw: zlib.compress(raw)[:-9] + b"x" * 9),
       chunk=(100, 3))
packed("short", [(1, ())], fifth(zlib.compress, lambda raw: zlib.compress(raw[:-8])),
       chunk=(100, 3))
packed("bomb", [(1, ())], fifth(zlib.compress, lambda raw: zlib.compress(bytes(2000000))),
       chunk=(100, 3))
packed("bad_fletcher", [(3, ())], fifth(fletcher, lambda raw: b"!" + fletcher(raw)[1:]),
       chunk=(100, 3))
packed("too_short", [(3, ())], fifth(fletcher, lambda raw: b"abc"), chunk=(100, 3))
packed("bad_lzf", [(LZF, (4, 261, 2400))], lambda raw, k: b"\xff" * 90, chunk=(100, 3))
if zstd_c:
    packed("bomb_zstd", [(ZSTD, ())], fifth(zstd, lambda raw: zstd(bytes(2000000))),
           chunk=(100, 3))
if blosc_c:
    packed("bomb_blosc", [(BLOSC, ())], fifth(lambda raw: blosc(b"lz4", raw),
           lambda raw: blosc(b"lz4", bytes(20000))), chunk=(100, 3))
    packed("cut_blosc", [(BLOSC, ())], fifth(lambda raw: blosc(b"lz4", raw),
           lambda raw: blosc(b"lz4", raw)[:-5]), chunk=(100, 3))
else:
    packed("no_blosc", [(BLOSC, ())], lambda raw, k: raw, chunk=(100, 3))
packed("unknown", [(32004, ())], lambda raw, k: raw, chunk=(100, 3))

# ---- frames of pandas, as PyTables lays them out --------------------------------------

index = np.array([b"k%d" % i for i in range(N)])


def fixed(name, blocks, axis1=index, kind="string", **how):
    with h5py.File(name + ".h5", "w") as f:
        g = f.create_group("frame")
        g.attrs["pandas_type"] = np.bytes_(b"frame")
        g.attrs["nblocks"] = len(blocks)
        names = [n for items, _ in blocks for n in items]
        g["axis0"] = np.array(names, "S")
        g["axis1"] = axis1
        g["axis1"].attrs["kind"] = np.bytes_(kind.encode())
        for i, (items, values) in enumerate(blocks):
            g["block%d_items" % i] = np.array(items, "S")
            g.create_dataset("block%d_values" % i, data=values, **how)


fixed("pandas_one", [(["one", "two", "three"], x)])
fixed("pandas_one_gz", [(["one", "two", "three"], x)], chunks=(500, 2), compression=4)
fixed("pandas_two", [(["one", "two", "three"], x), (["visits"], whole[:, :1].astype("i8"))])
fixed("pandas_range", [(["one", "two", "three"], x)], np.arange(N), "integer")
fixed("pandas_two_gz", [(["one"], x[:, :1]), (["two"], x[:, 1:2])], chunks=(500, 1),
      compression=4)
fixed("pandas_names", [(["one", "two"], x)])
fixed("pandas_rows", [(["one", "two", "three"], x), (["visits"], whole[:9, :1])])
for name, pickle in (("pandas_table", b"(lp0\nVone\np1\naVtwo\np2\naVthree\np3\na."),
                     ("pandas_table_odd", b"(lp0\nVone\np1\naI7\na.")):
    with h5py.File(name + ".h5", "w") as f:
        g = f.create_group("frame")
        g.attrs["pandas_type"] = np.bytes_(b"frame_table")
        t = np.zeros(N, dtype=[("index", "S6"), ("values_block_0", "<f8", (3,)),
                               ("values_block_1", "<i8", (1,))])
        t["index"], t["values_block_0"], t["values_block_1"] = index, x, whole[:, :1]
        d = g.create_dataset("table", data=t, chunks=(700,), compression=4)
        d.attrs["values_block_0_kind"] = np.bytes_(pickle)
        d.attrs["values_block_1_kind"] = np.bytes_(b"(lp0\nVvisits\np1\na.")

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
