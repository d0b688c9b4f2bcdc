"""A typed import of the mixed CSV by other programs:

    import_csv.py duckdb|polars|pandas FILE THREADS

and, of what segmill made of it, import_csv.py segmill FILE.h5 1. Prints the number of rows and
the sums of three columns, each value rounded to float32 first, as segmill keeps it."""
import os
import sys

program, path, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.environ["POLARS_MAX_THREADS"] = str(threads)   # read when polars is imported
columns = ["amount", "discount", "score"]


def by_duckdb():
    import duckdb
    db = duckdb.connect(":memory:", config={"threads": threads})
    db.execute("CREATE TABLE t AS SELECT * FROM read_csv(?)", [path])
    types = {name: kind for name, kind, *_ in db.execute("DESCRIBE t").fetchall()}
    assert types["joined"] == "DATE" and types["ordered_at"] == "TIMESTAMP", types
    sums = ", ".join(f"sum({c}::FLOAT::DOUBLE)" for c in columns)
    return db.execute(f"SELECT count(*), {sums} FROM t").fetchone()


def by_polars():
    import polars
    t = polars.read_csv(path, try_parse_dates=True, infer_schema_length=10000)
    assert t["joined"].dtype == polars.Date and t["ordered_at"].dtype == polars.Datetime, t.schema
    return t.height, *(t[c].cast(polars.Float32).cast(polars.Float64).sum() for c in columns)


def by_pandas():
    import pandas
    t = pandas.read_csv(path, engine="c", parse_dates=["joined", "ordered_at"])
    assert t["joined"].dtype.kind == "M" and t["ordered_at"].dtype.kind == "M", t.dtypes
    return len(t), *(t[c].astype("float32").astype("float64").sum() for c in columns)


def by_segmill():
    import h5py
    import numpy
    with h5py.File(path) as file:
        x = file["X"]
        names = [name.decode() for name in file["var"][file["var"].attrs["_index"]][:]]
        sums = numpy.zeros(x.shape[1])
        for row in range(0, len(x), 1 << 20):
            sums += numpy.nansum(x[row:row + (1 << 20)], axis=0, dtype="float64")
        return len(x), *(sums[names.index(c)] for c in columns)


rows, *sums = globals()["by_" + program]()
print(f"check=rows {rows} sums", *(f"{x:.9g}" for x in sums))
