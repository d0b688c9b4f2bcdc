#!/usr/bin/python3
"""crafted_files.py SEGMILL N: files made to harm a reader, through the program.

Links and arrays that point elsewhere, sizes beyond any file, files cut at every fiftieth of
their length, N flipped bits in each of a table, a model and scores. Every command ends
within 20 seconds: well, or with exit code 3 or 5 (75 where memory is asked for that is not
there; 1 where libhdf5 died or did not come back), then with one line on stderr, nothing on
stdout, and nothing left behind. Exit code 77 without h5py."""
import concurrent.futures, os, random, subprocess, sys, tempfile
try:
    import h5py
    import numpy as np
except ImportError:
    sys.exit(77)

SEGMILL, N_FLIPS = os.path.abspath(sys.argv[1]), int(sys.argv[2])
LIBRARY = (b"a library ended the run", b"libhdf5 did not come back")
CUSTOMERS = "id,age,spend,plan,churned\n" + "".join(
    f"c{i},{20 + i * 7 % 50},{i * i % 97}.5,{('gold', 'silver', '')[i % 3]},"
    f"{'yes' if i * 7 % 50 > 24 else 'no'}\n" for i in range(60))


def make(*words):
    done = subprocess.run([SEGMILL, *words], capture_output=True)
    if done.returncode != 0:
        sys.exit(f"cannot make the files: {words}: {done.stderr.decode()}")


def elsewhere(folder):
    """Files whose data lie in other files, or nowhere."""
    a = np.arange(24.0, dtype="f4").reshape(6, 4)
    with open(f"{folder}/secret.bin", "wb") as f:
        f.write(b"SECRET SECRET SECRET" * 10)
    with h5py.File(f"{folder}/target.h5", "w") as f:
        f["d"] = a

    def file(name, fill, **how):
        with h5py.File(f"{folder}/{name}.h5", "w", **how) as f:
            fill(f)
        return f"{name}.h5:/X"

    def virtual(f):
        layout = h5py.VirtualLayout(shape=(6, 4), dtype="f4")
        layout[:] = h5py.VirtualSource("target.h5", "d", shape=(6, 4))
        f.create_virtual_dataset("X", layout)

    def array(*shape, **how):
        return lambda f: f.create_dataset("X", *shape, **how)

    yield file("external_link", lambda f: f.__setitem__("X", h5py.ExternalLink("target.h5", "d")))
    yield file("soft_loop", lambda f: f.__setitem__("X", h5py.SoftLink("/X")))
    yield file("external_storage", array((6, 4), dtype="f4", external=[("secret.bin", 0, 96)]))
    yield file("external_passwd", array((8, 4), dtype="u1", external=[("/etc/passwd", 0, 32)]))
    yield file("virtual", virtual)
    yield file("rows_2_60", array((2**60, 4), dtype="f4", chunks=(1024, 4)))
    yield file("overflow", array((2**31, 2**31), dtype="f4", chunks=(1, 1024)))
    yield file("never_written", array((2**30, 64), dtype="f8"))
    yield file("three_ways", array(data=np.zeros((2, 2, 2))))
    yield file("cells_of_any_length", array((2,), dtype=h5py.vlen_dtype("f8")))

    def past_the_end(f):
        f.create_dataset("X", data=a)
    file("past_the_end", past_the_end)
    with h5py.File(f"{folder}/past_the_end.h5") as f:
        offset = f["X"].id.get_offset()
    with open(f"{folder}/past_the_end.h5", "r+b") as f:
        whole = f.read()
        at = whole.find(offset.to_bytes(8, "little"))
        f.seek(at)
        f.write((1 << 50).to_bytes(8, "little"))
    yield "past_the_end.h5:/X"


def damaged(folder, names, random_bits):
    for name in names:
        with open(f"{folder}/{name}", "rb") as f:
            whole = f.read()
        stem, end = os.path.splitext(name)
        for part in range(50):
            yield write(folder, f"{stem}_cut_{part}{end}", whole[:len(whole) * part // 50])
        for i in range(N_FLIPS):
            bytes_ = bytearray(whole)
            for _ in range(random_bits.choice((1, 1, 1, 4, 16))):
                bytes_[random_bits.randrange(len(bytes_))] ^= 1 << random_bits.randrange(8)
            yield write(folder, f"{stem}_flip_{i}{end}", bytes(bytes_))


def write(folder, name, bytes_):
    with open(f"{folder}/{name}", "wb") as f:
        f.write(bytes_)
    return name


def commands(name):
    yield ["inspect", name]
    if name.startswith("k_"):
        yield ["score", name, "c.h5", "-o", "{out}.h5"]
    elif name.startswith("c_") or ":" in name:
        yield ["train", "kmeans", name, "--k", "2", "-o", "{out}.model"]
    else:
        yield ["lists", name, "--target", "generic", "-o", "{out}.lists"]


def check(folder, words):
    """What is wrong with the end of this command, or None; and its exit code."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        words = [w.replace("{out}", f"{out}/out") for w in words]
        try:
            done = subprocess.run([SEGMILL, *words], cwd=folder, capture_output=True, timeout=20)
        except subprocess.TimeoutExpired:
            return "no end within 20 seconds", -1
        code, err, left = done.returncode, done.stderr, os.listdir(out)
    if code == 0:
        return None, code
    if b"SECRET" in err + done.stdout or b"root:" in err + done.stdout:
        return "it tells of other files", code
    if code not in (1, 3, 5, 75) or (code == 1 and not any(w in err for w in LIBRARY)):
        return "this exit code", code
    if err.count(b"\n") != 1 or not err.endswith(b"\n") or done.stdout != b"":
        return f"not one line: {done.stdout[:200]}", code
    return (f"left behind: {left}" if left else None), code


def run(folder, words):
    what, code = check(folder, words)
    if what is None:
        return code, None
    done = subprocess.run([SEGMILL, *words], cwd=folder, capture_output=True, timeout=60)
    return code, f"{words}: exit {code}: {what}: {done.stderr[-400:].decode(errors='replace')}"


def main():
    folder = os.path.abspath("files")
    os.mkdir(folder)
    os.chdir(folder)
    write(folder, "c.csv", CUSTOMERS.encode())
    make("import", "c.csv", "-o", "c.h5")
    make("train", "kmeans", "c.h5", "--k", "2", "-o", "k.model", "--scores", "s.h5")
    names = list(elsewhere(folder))
    names += damaged(folder, ("c.h5", "k.model", "s.h5"), random.Random(17))
    jobs = [words for name in names for words in commands(name)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(lambda words: run(folder, words), jobs))
    for _, fault in ends:
        if fault is not None:
            print(fault, file=sys.stderr)
    codes = [code for code, _ in ends]
    print(f"{len(ends)} commands: " + ", ".join(f"{codes.count(c)} exit {c}"
                                               for c in sorted(set(codes))))
    for words, (code, _) in zip(jobs, ends):
        if words[0] == "train" and any(":/X" in word for word in words) and code == 0:
            sys.exit(f"{words}: read")
    sys.exit(any(fault is not None for _, fault in ends))


main()
