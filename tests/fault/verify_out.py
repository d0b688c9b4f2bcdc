#!/usr/bin/env python3
"""Is everything that a reader of OUT can see complete and correct?

    verify_out.py OUT [--after-kill]

Every run-* has a MANIFEST whose last line is the hash of the others, lists exactly the files
that are there, and their sizes and SHA-256 hold; `current` points at one of them; nothing
else is visible, and files and directories are private. After a clean exit no .tmp-*, .del-*
or .current is left; after a kill one may be (the next run sweeps it). One line per fault;
exit 1 if there are any. Written without the engine's code: it is the other opinion."""
import hashlib
import os
import sys

LEFT_BY_A_KILL = (".tmp-", ".del-", ".current")


def files_below(run):
    for folder, _, names in os.walk(run):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), run)


def check_modes(run):
    for folder, _, names in os.walk(run):
        for path, mode in [(folder, 0o700)] + [(os.path.join(folder, n), 0o600) for n in names]:
            if os.lstat(path).st_mode & 0o7777 != mode:
                yield f"{path}: can be read by others"


def check_run(run, modes=True):
    """The faults of one published run, as a list of lines."""
    try:
        with open(os.path.join(run, "MANIFEST"), "rb") as f:
            manifest = f.read()
    except OSError as e:
        return [f"{run}: no MANIFEST ({e.strerror})"]
    body = manifest[:manifest.rstrip(b"\n").rfind(b"\n") + 1]
    if manifest[len(body):] != hashlib.sha256(body).hexdigest().encode() + b" end\n":
        return [f"{run}: MANIFEST torn"]
    faults, seen = [], {"MANIFEST"}
    for line in body.decode().splitlines():
        digest, size, name = line.split(" ", 2)
        seen.add(name)
        try:
            with open(os.path.join(run, name), "rb") as f:
                data = f.read()
        except OSError as e:
            faults.append(f"{run}/{name}: {e.strerror}")
            continue
        if len(data) != int(size) or hashlib.sha256(data).hexdigest() != digest:
            faults.append(f"{run}/{name}: {len(data)} bytes, want {size}, or the hash differs")
    faults += [f"{run}/{name}: not in MANIFEST" for name in set(files_below(run)) - seen]
    return faults + (list(check_modes(run)) if modes else [])


def check(out, after_kill=False, modes=True):
    """The faults of the whole output directory, as a list of lines."""
    faults, runs = [], set()
    for entry in sorted(os.listdir(out)):
        path = os.path.join(out, entry)
        if entry.startswith("run-"):
            runs.add(entry)
            faults += check_run(path, modes)
        elif entry == "current":
            if not os.path.islink(path):
                faults.append("current is not a link")
        elif entry.startswith(LEFT_BY_A_KILL):
            if not after_kill:
                faults.append(f"{entry}: left behind")
        elif entry != ".lock":
            faults.append(f"{entry}: unexpected")
    current = os.path.join(out, "current")
    if os.path.islink(current) and os.readlink(current) not in runs:
        faults.append(f"current -> {os.readlink(current)}: dangling")
    return faults


def results(run):
    """The lines of a run's MANIFEST that stand for results: all but its record and its end."""
    with open(os.path.join(run, "MANIFEST")) as f:
        return [line for line in f.read().splitlines()[:-1] if not line.endswith(" run.json")]


if __name__ == "__main__":
    found = check(sys.argv[1], "--after-kill" in sys.argv)
    print("\n".join(found) or "ok")
    sys.exit(bool(found))
