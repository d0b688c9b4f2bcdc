#!/usr/bin/env python3
"""What could be on the disk if the power failed after each system call of a run?

    crashsim.py --out OUT [--seed N] [--without CALL] -- PROG ARGS...

OUT exists, with earlier good runs in it. PROG runs once under strace; what it does below OUT
is replayed on a small model of a file system in which only fsync makes things last: content
by fsync of the file, names by fsync of their directory. After every step these worst cases
are written out and checked with verify_out (and `current` must stay valid, and after exit 0
the new run must be there):
  strict  only what was synced
  eager   every change of names, but only synced content
  torn    every change of names; content that was not synced is cut, one sector is zero
  outer   names in OUT itself; names in directories below only if synced
  inner   the reverse of outer
  kill    everything: a plain kill -9
--without fsync lets the program believe that it syncs: the control that this test sees what
it looks for. The idea of ALICE (T. Pillai et al., OSDI 2014), cut down to one directory.
Writes through mmap are not seen."""
import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import verify_out

STATES = ("strict", "eager", "torn", "outer", "inner", "kill")
CALLS = ("openat,open,creat,write,pwrite64,writev,pwritev,ftruncate,fallocate,fsync,fdatasync,"
         "rename,renameat,renameat2,symlink,symlinkat,mkdir,mkdirat,unlink,unlinkat,rmdir,"
         "link,linkat,lseek")
SECTOR = 512


class Node:
    """A file, directory or link: what is there now, and what would survive."""

    def __init__(self, kind, now):
        self.kind, self.now = kind, now
        self.safe = {} if kind == "dir" else b"" if kind == "file" else now

    def sync(self):
        self.safe = dict(self.now) if self.kind == "dir" else self.now


def load(path):
    if os.path.islink(path):
        return Node("link", os.readlink(path))
    if os.path.isdir(path):
        node = Node("dir", {e: load(os.path.join(path, e)) for e in os.listdir(path)})
    else:
        with open(path, "rb") as f:
            node = Node("file", f.read())
    node.sync()
    return node


class Disk:
    def __init__(self, out, seed):
        self.out, self.random = out, random.Random(seed)
        self.root = load(out)
        self.offsets = {}   # of sequential writers, by path
        self.notes = set()

    # -- names

    def parts(self, path):
        if path == self.out:
            return []
        return path[len(self.out) + 1:].split("/") if path.startswith(self.out + "/") else None

    def find(self, parts):
        node = self.root
        for part in parts:
            if node.kind != "dir" or part not in node.now:
                return None
            node = node.now[part]
        return node

    def file(self, path):
        parts = self.parts(path)
        node = self.find(parts) if parts else None
        return node if node is not None and node.kind == "file" else None

    # -- changes; each returns a label, or None if the model did not change

    def open(self, path, flags):
        parts = self.parts(path)
        if not parts:
            return None
        folder, name = self.find(parts[:-1]), parts[-1]
        if folder is None:
            return None
        node = folder.now.get(name)
        self.offsets[path] = 0
        if node is None and "O_CREAT" in flags:
            folder.now[name] = Node("file", b"")
            return f"create {name}"
        if node is not None and node.kind == "file" and "O_TRUNC" in flags and node.now:
            node.now = b""
            self.notes.add(f"the existing file {'/'.join(parts)} is cut in place")
            return f"truncate {name}"
        return None

    def write(self, path, data, offset=None):
        node = self.file(path)
        if node is None:
            return None
        if offset is None:
            offset = self.offsets.get(path, 0)
            self.offsets[path] = offset + len(data)
        node.now = (node.now[:offset].ljust(offset, b"\0") + data +
                    node.now[offset + len(data):])
        return f"write {os.path.basename(path)} {len(data)}"

    def seek(self, path, offset):
        self.offsets[path] = offset

    def truncate(self, path, size):
        node = self.file(path)
        if node is None:
            return None
        node.now = node.now[:size].ljust(size, b"\0")
        return f"resize {os.path.basename(path)} {size}"

    def sync(self, path):
        parts = self.parts(path)
        node = self.find(parts) if parts is not None else None
        if node is None:
            return None
        node.sync()
        return f"fsync {'/'.join(parts) or '.'}"

    def rename(self, old, new):
        a, b = self.parts(old), self.parts(new)
        if not a or not b:
            return None
        self.find(b[:-1]).now[b[-1]] = self.find(a[:-1]).now.pop(a[-1])
        return f"rename {'/'.join(a)} -> {'/'.join(b)}"

    def make(self, path, node):
        parts = self.parts(path)
        if not parts:
            return None
        self.find(parts[:-1]).now[parts[-1]] = node
        return f"make {node.kind} {'/'.join(parts)}"

    def remove(self, path):
        parts = self.parts(path)
        if not parts:
            return None
        self.find(parts[:-1]).now.pop(parts[-1], None)
        return f"remove {'/'.join(parts)}"

    # -- what a crash leaves

    def names(self, node, state, depth):
        safe = {"strict": True, "outer": depth > 0, "inner": depth == 0}.get(state, False)
        return node.safe if safe else node.now

    def content(self, node, state):
        if state == "kill" or node.now == node.safe:
            return node.now
        if state != "torn":
            return node.safe
        data = bytearray(node.now[:self.random.randint(0, len(node.now))])
        if len(data) > SECTOR:
            at = self.random.randrange(len(data) // SECTOR) * SECTOR
            data[at:at + SECTOR] = bytes(SECTOR)
        return bytes(data)

    def dump(self, node, path, state, depth=0):
        if node.kind == "link":
            os.symlink(node.now, path)
        elif node.kind == "dir":
            os.mkdir(path)
            for name, inner in self.names(node, state, depth).items():
                self.dump(inner, os.path.join(path, name), state, depth + 1)
        else:
            with open(path, "wb") as f:
                f.write(self.content(node, state))


class Trace:
    """Turns lines of strace into calls on the disk."""

    def __init__(self, disk, folder):
        self.disk, self.folder, self.pending = disk, folder, {}

    @staticmethod
    def text(escaped):
        return bytes.fromhex(escaped.replace("\\x", ""))

    def strings(self, args):
        return [self.text(s).decode("utf-8", "surrogateescape")
                for s in re.findall(r'"((?:\\x..)*)"', args)]

    def folders(self, args):
        return [self.text(s).decode("utf-8", "surrogateescape")
                for s in re.findall(r'(?:\d+|AT_FDCWD)<((?:\\x..)*)>', args)]

    def paths(self, args):
        """The path arguments, each joined to its directory."""
        folders, strings = self.folders(args), self.strings(args)
        for i, s in enumerate(strings):
            base = folders[i] if i < len(folders) else folders[-1] if folders else self.folder
            yield os.path.normpath(os.path.join(base, s))

    def number(self, args):
        return int(args.rsplit(",", 1)[1])

    def apply(self, name, args, result):
        disk = self.disk
        if result.startswith(("-1", "?")) or "INJECTED" in result:
            return None
        if name in ("open", "openat", "creat"):
            flags = args + ("O_CREAT|O_TRUNC" if name == "creat" else "")
            return disk.open(next(self.paths(args)), flags)
        if name in ("write", "pwrite64"):
            data = self.text(re.search(r'"((?:\\x..)*)"', args).group(1))
            data = data[:int(result.split()[0])]
            offset = self.number(args) if name == "pwrite64" else None
            return disk.write(self.folders(args)[0], data, offset)
        if name == "lseek":
            return disk.seek(self.folders(args)[0], int(result.split()[0]))
        if name == "ftruncate":
            return disk.truncate(self.folders(args)[0], self.number(args))
        if name in ("fsync", "fdatasync"):
            return disk.sync(self.folders(args)[0])
        if name in ("rename", "renameat", "renameat2"):
            return disk.rename(*self.paths(args))
        if name in ("symlink", "symlinkat"):
            target, link = self.strings(args)
            base = (self.folders(args) or [self.folder])[0]
            return disk.make(os.path.normpath(os.path.join(base, link)), Node("link", target))
        if name in ("mkdir", "mkdirat"):
            return disk.make(next(self.paths(args)), Node("dir", {}))
        if name in ("unlink", "unlinkat", "rmdir"):
            return disk.remove(next(self.paths(args)))
        if any(disk.parts(p) for p in self.folders(args) + list(self.paths(args))):
            disk.notes.add(f"{name} below OUT is not modelled")
        return None

    def line(self, line):
        """The label of a change, or None."""
        process, call = re.match(r"(\d+)\s+(.*)", line).groups()
        if call.endswith("<unfinished ...>"):
            self.pending[process] = call[:-len("<unfinished ...>")]
            return None
        resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", call)
        if resumed:
            call = self.pending.pop(process, "") + resumed.group(1)
        parsed = re.match(r"(\w+)\((.*)\)\s+= (.*)", call)
        return self.apply(*parsed.groups()) if parsed else None


class Simulation:
    def __init__(self, out, seed):
        self.disk = Disk(out, seed)
        self.had_current = "current" in self.disk.root.now
        self.scratch = tempfile.mkdtemp(prefix="crashsim-")
        self.faults, self.steps, self.states = [], 0, 0

    def problems(self, path, final):
        found = verify_out.check(path, True, modes=False)
        link = os.path.join(path, "current")
        if self.had_current and not os.path.isdir(link):
            found.append("current is gone or dangling")
        if final and (not os.path.islink(link) or
                      os.readlink(link) != self.disk.root.now["current"].now):
            found.append("exit 0, but the new run would not survive")
        return found

    def check(self, label, final=False):
        for state in STATES:
            self.states += 1
            path = os.path.join(self.scratch, "state")
            shutil.rmtree(path, ignore_errors=True)
            self.disk.dump(self.disk.root, path, state)
            self.faults += [f"after [{label}], state {state}: {p}"
                            for p in self.problems(path, final)]

    def run(self, command, without):
        log = os.path.join(self.scratch, "strace")
        strace = ["strace", "-f", "-y", "-xx", "-s", "99999999", "-e", "trace=" + CALLS, "-o", log]
        if without:
            strace += ["-e", f"inject={without}:retval=0"]
        code = subprocess.run(strace + command, stdout=subprocess.DEVNULL).returncode
        self.check("start")
        trace = Trace(self.disk, os.getcwd())
        with open(log, errors="surrogateescape") as f:
            for line in f:
                label = trace.line(line.rstrip("\n"))
                if label:
                    self.steps += 1
                    self.check(label)
        if code == 0:
            self.check("exit 0", True)
        shutil.rmtree(self.scratch, ignore_errors=True)
        return code


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--out", required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--without", default="")
    p.add_argument("command", nargs=argparse.REMAINDER)
    a = p.parse_args()
    command = a.command[1:] if a.command[:1] == ["--"] else a.command
    simulation = Simulation(os.path.realpath(a.out), a.seed)
    code = simulation.run(command, a.without)
    for note in sorted(simulation.disk.notes):
        print("note:", note)
    for fault in simulation.faults[:40]:
        print("FAULT", fault)
    print(f"crashsim: {simulation.steps} steps, {simulation.states} states, "
          f"{len(simulation.faults)} faults (exit {code})")
    sys.exit(bool(simulation.faults) or code != 0)


if __name__ == "__main__":
    main()
