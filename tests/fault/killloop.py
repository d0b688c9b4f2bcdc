#!/usr/bin/env python3
"""Kill a run at random moments, many times, while a reader looks at `current` all the time.

    killloop.py --out OUT --n 500 [--signal 9|15] [--who group|parent|worker] -- PROG ARGS...

{run} in ARGS becomes a number that is new for each run, so that each publishes a new name.
After every kill verify_out must find everything complete; with signal 15 the program must end
by itself within 6 s with 143, one line on stderr and nothing left behind; every 10th time a
plain run must succeed, leave no temporary files and become current. A reader must never see
half a run. Exit 1 on any fault."""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import verify_out

AGAIN = 75


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--out", required=True)
    p.add_argument("--n", type=int, default=200)
    p.add_argument("--signal", type=int, default=9)
    p.add_argument("--who", default="group", choices=("group", "parent", "worker"))
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("command", nargs=argparse.REMAINDER)
    a = p.parse_args()
    a.command = a.command[1:] if a.command[:1] == ["--"] else a.command
    return a


class KillLoop:
    def __init__(self, a):
        self.a = a
        self.random = random.Random(a.seed)
        self.faults, self.codes = [], {}
        self.serial = self.reads = 0
        self.stop = False

    def start(self):
        self.serial += 1
        command = [c.replace("{run}", str(1000 + self.serial)) for c in self.a.command]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                start_new_session=True)

    def current(self):
        return os.readlink(os.path.join(self.a.out, "current"))

    def measure(self):
        """The usual time of a run; makes the first ones."""
        times = []
        for _ in range(5):
            started = time.time()
            p = self.start()
            _, stderr = p.communicate()
            times.append(time.time() - started)
            if p.returncode != 0:
                sys.exit(f"killloop: a plain run ended with {p.returncode}: {stderr.decode()}")
        return sorted(times)[2]

    def read(self):
        while not self.stop:
            try:
                run = os.path.join(self.a.out, self.current())
            except OSError as e:
                self.faults.append(f"reader: {e}")
                continue
            if os.path.isdir(run):   # else deleted by `keep` in this moment
                self.faults += [f"reader: {f}" for f in verify_out.check_run(run)]
                self.reads += 1
            time.sleep(0.001)

    def hit(self, p):
        try:
            if self.a.who == "group":
                os.killpg(p.pid, self.a.signal)
            elif self.a.who == "parent":
                os.kill(p.pid, self.a.signal)
            else:
                with open(f"/proc/{p.pid}/task/{p.pid}/children") as f:
                    for child in f.read().split()[:1]:
                        os.kill(int(child), self.a.signal)
        except (ProcessLookupError, FileNotFoundError):
            pass   # it was faster

    def judge(self, name, before, p, stderr):
        code = p.returncode
        self.codes[code] = self.codes.get(code, 0) + 1
        if self.a.signal != signal.SIGKILL:
            if code not in (0, 128 + self.a.signal, -self.a.signal):
                self.faults.append(f"{name}: exit {code} {stderr!r}")
            if code == 128 + self.a.signal and stderr.count(b"\n") != 1:
                self.faults.append(f"{name}: stderr {stderr!r}")
        elif code not in (0, -9, AGAIN):
            self.faults.append(f"{name}: exit {code} {stderr!r}")
        # 75 may be the lock that a dying worker of the last round still holds.
        clean = code >= 0 and code != AGAIN
        self.faults += [f"{name} exit {code}: {f}"
                        for f in verify_out.check(self.a.out, not clean)]
        if code == 0 and self.current() == before:
            self.faults.append(f"{name}: exit 0 but current is still {before}")

    def once(self, i, usual):
        before = self.current()
        p = self.start()
        time.sleep(self.random.random() * usual * 1.1)
        self.hit(p)
        try:
            _, stderr = p.communicate(timeout=6)
        except subprocess.TimeoutExpired:
            self.faults.append(f"#{i}: did not stop")
            os.killpg(p.pid, signal.SIGKILL)
            p.communicate()
            return
        self.judge(f"#{i}", before, p, stderr)

    def plain(self, i):
        for _ in range(20):
            before = self.current()
            p = self.start()
            _, stderr = p.communicate()
            if p.returncode != AGAIN:
                break
            time.sleep(0.1)
        if p.returncode != 0 or self.current() == before:
            self.faults.append(f"plain run after #{i}: exit {p.returncode} {stderr!r}")
        self.faults += [f"plain run after #{i}: {f}" for f in verify_out.check(self.a.out)]

    def all(self):
        shutil.rmtree(self.a.out, ignore_errors=True)
        usual = self.measure()
        reader = threading.Thread(target=self.read, daemon=True)
        reader.start()
        for i in range(self.a.n):
            self.once(i, usual)
            if i % 10 == 9:
                self.plain(i)
        self.stop = True
        reader.join(10)
        for fault in self.faults[:20]:
            print("FAULT", fault)
        print(f"killloop {self.a.who} {self.a.signal}: {self.a.n} runs of {usual * 1000:.0f} ms, "
              f"exit codes {self.codes}, {self.reads} looks, {len(self.faults)} faults")
        return bool(self.faults)


if __name__ == "__main__":
    sys.exit(KillLoop(arguments()).all())
