. "$TREE/tests/cli/lib.sh"
# Enough work to be met in it; the group gets the signal, as from a terminal.
awk 'BEGIN { srand(1); print "a,b,c,d"; for (i = 0; i < 60000; i++) print rand() "," rand() "," rand() "," rand() }' >c.csv
quiet segmill import c.csv -o c.h5
for signal in INT TERM; do
    /usr/bin/python3 - $signal <<'END'
import os, signal, subprocess, sys, time
p = subprocess.Popen(["segmill", "train", "kmeans", "c.h5", "--k", "60", "--n-init", "10000", "--tol", "0",
                      "-o", "m"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
time.sleep(0.7)
os.kill(p.pid, getattr(signal, "SIG" + sys.argv[1]))
out, err = p.communicate()
print(p.returncode, err.decode(), end="")
END
done
ls -A
