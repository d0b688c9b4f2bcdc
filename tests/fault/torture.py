#!/usr/bin/env python3
"""Fail every allocation and every system call of a run, one at a time, and judge the outcome.

    torture.py --so faultinj.so --out OUT [--kind mem,io] [--modes once,sticky,...]
               [--at-most N] [--path TEXT] [--prepare "CMD"] -- PROG ARGS...

OUT first gets an earlier good run from the command of --prepare. Then, for each kind, mode
and N, OUT is set back to that, PROG runs with its Nth call failing, and:
  * it ends by itself, with a documented exit code: no signal, no hang
  * when it fails, it prints exactly one line on stderr (but for what libraries say)
  * exit 0: `current` is the new run, and its results are those of a run without faults
  * else: `current` is the earlier run or the new one, and verify_out finds all complete
  * after a kill: the same, and a plain run afterwards succeeds with the right results
--at-most N takes N evenly spaced calls of each kind and mode instead of all."""
import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import verify_out

CODES = {0, 1, 2, 3, 4, 5, 75}
AGAIN = 75
KILLS = ("kill", "killafter")
# libgomp without threads and libhdf5 that cannot even start speak before anyone can stop them.
LIBRARY = re.compile(r"libgomp: |HDF5-DIAG: |  #\d+: |    (major|minor): ")


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--so", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--kind", default="mem,io")
    p.add_argument("--modes", default="once,sticky,kill,killafter,short")
    p.add_argument("--at-most", type=int, default=0)
    p.add_argument("--path", default="")
    p.add_argument("--prepare", required=True)
    p.add_argument("--timeout", type=float, default=60)
    p.add_argument("command", nargs=argparse.REMAINDER)
    a = p.parse_args()
    a.command = a.command[1:] if a.command[:1] == ["--"] else a.command
    return a


class Torture:
    def __init__(self, a):
        self.a = a
        self.faults = self.runs = 0
        self.codes = {}
        self.scratch = tempfile.mkdtemp(prefix="torture-")
        self.log = os.path.join(self.scratch, "log")

    def run(self, command=None, **inject):
        env = {k: v for k, v in os.environ.items() if not k.startswith("FI_")}
        if inject:
            env.update({k: str(v) for k, v in inject.items() if v not in ("", None)})
            env["LD_PRELOAD"] = os.path.abspath(self.a.so)
        try:
            done = subprocess.run(command or self.a.command, env=env, capture_output=True,
                                  timeout=self.a.timeout)
        except subprocess.TimeoutExpired:
            return None, ""
        return done.returncode, done.stderr.decode(errors="replace")

    def current(self):
        return os.readlink(os.path.join(self.a.out, "current"))

    def results(self):
        return verify_out.results(os.path.join(self.a.out, "current"))

    def reset(self):
        shutil.rmtree(self.a.out, ignore_errors=True)
        shutil.copytree(os.path.join(self.scratch, "out"), self.a.out, symlinks=True)

    def report(self, what):
        self.faults += 1
        print("FAULT", what, flush=True)

    def prepare(self):
        shutil.rmtree(self.a.out, ignore_errors=True)
        for command in (shlex.split(self.a.prepare), None):
            code, stderr = self.run(command)
            if code != 0:
                sys.exit(f"torture: a run without faults ended with {code}: {stderr}")
            if command:
                shutil.copytree(self.a.out, os.path.join(self.scratch, "out"), symlinks=True)
                self.earlier = self.current()
        self.new, self.want = self.current(), self.results()
        if self.new == self.earlier:
            sys.exit("torture: both runs have the same name: nothing would be published")

    def count(self, kind):
        self.reset()
        path = os.path.join(self.scratch, "count")
        if os.path.exists(path):
            os.unlink(path)
        self.run(FI_COUNT=path, FI_KIND=kind, FI_PATH=self.a.path)
        with open(path) as f:
            counts = {name: int(n) for name, n in (line.split() for line in f)}
        total = counts.pop("total")
        print(f"{kind}: {total} calls {counts}", flush=True)
        return total

    def judge_kill(self, tag, code):
        if code not in (-9, 0, AGAIN):   # 75: only the worker was killed
            self.report(f"{tag}: exit {code}")
        for fault in verify_out.check(self.a.out, True):
            self.report(f"{tag}: {fault}")
        if self.current() not in (self.earlier, self.new):
            self.report(f"{tag}: current is {self.current()}")
        for _ in range(20):   # a killed worker may hold the lock while it dies
            code, stderr = self.run()
            if code != AGAIN:
                break
            time.sleep(0.1)
        if code != 0 or self.current() != self.new or self.results() != self.want:
            self.report(f"{tag}: the next run ended with {code}: {stderr.strip()}")
        for fault in verify_out.check(self.a.out):
            self.report(f"{tag}: after the next run: {fault}")

    def judge(self, tag, mode, code, stderr):
        self.codes[code] = self.codes.get(code, 0) + 1
        lines = [s for s in stderr.splitlines() if s and not LIBRARY.match(s)]
        current = self.current()
        if code not in CODES:
            self.report(f"{tag}: exit {code}, stderr {stderr[-200:]!r}")
            return
        if code and (len(lines) != 1 or not stderr.endswith("\n")):
            self.report(f"{tag}: exit {code} with {len(lines)} lines on stderr: {stderr[:300]!r}")
        # Who is forbidden to remove files cannot clean up.
        for fault in verify_out.check(self.a.out, "unlink" in tag or mode == "sticky"):
            self.report(f"{tag}: exit {code}: {fault}")
        if code == 0 and current != self.new:
            self.report(f"{tag}: exit 0 but current is {current}")
        elif code == 0 and self.results() != self.want:
            self.report(f"{tag}: exit 0 but the results differ from those without faults")
        elif current not in (self.earlier, self.new):
            self.report(f"{tag}: exit {code}, current is {current}")

    def one(self, kind, mode, n):
        self.reset()
        if os.path.exists(self.log):
            os.unlink(self.log)
        code, stderr = self.run(FI_KIND=kind, FI_N=n, FI_MODE=mode, FI_PATH=self.a.path,
                                FI_LOG=self.log)
        self.runs += 1
        where = "(not reached)"
        if os.path.exists(self.log):
            with open(self.log) as f:
                where = f.read().strip()
        tag = f"{kind} {mode} #{n} {where}"
        if mode in KILLS:
            self.judge_kill(tag, code)
        elif code is None:
            self.report(f"{tag}: hangs")
        else:
            self.judge(tag, mode, code, stderr)

    def all(self):
        started = time.time()
        self.prepare()
        for kind in self.a.kind.split(","):
            total = self.count(kind)
            step = -(-total // self.a.at_most) if self.a.at_most else 1
            for mode in self.a.modes.split(","):
                if kind == "mem" and mode in KILLS + ("short",):
                    continue
                for n in range(1, total + 1, max(step, 1)):
                    self.one(kind, mode, n)
        print(f"torture: {self.runs} runs, {self.faults} faults, exit codes {self.codes}, "
              f"{time.time() - started:.0f} s")
        shutil.rmtree(self.scratch, ignore_errors=True)
        return self.faults > 0


if __name__ == "__main__":
    sys.exit(Torture(arguments()).all())
