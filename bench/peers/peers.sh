# peers.sh: what every peer script starts with (sourced).
#
#   turns NAME SHAPE AMOUNT PEER SCRIPT.py COMMAND
#
# times COMMAND, which leaves segmill's answer in out.json, and SCRIPT.py, taking turns:
# first the whole processes (`peer`), then what each of them says its fit took (`fit`).
# KEY names the member of the answer that shows equal work.
PYTHON=$("$PEERS/setup") || exit 77
export OMP_NUM_THREADS="$THREADS" OPENBLAS_NUM_THREADS="$THREADS"

version() { "$PYTHON" -c "import importlib.metadata as m; print('$1', m.version('$1'))"; }

# Sourced scripts set FIT to the command whose data are already imported, if they have one.
turns() {
    peer=$(version "$4")
    "$MEASURE" --kind peer --name "$1" --shape "$2" --amount "$3" --threads "$THREADS" \
        --repeats "$REPEATS" \
        -- segmill "$6 >out.json && $PEERS/member out.json $KEY check" \
        -- "$peer" "$PYTHON $PEERS/$5 check"
    "$MEASURE" --kind fit --name "$1" --shape "$2" --amount "$3" --threads "$THREADS" \
        --repeats "$REPEATS" \
        -- segmill "${FIT:-$6} >out.json && $PEERS/member out.json $KEY check && $PEERS/member out.json wall_seconds seconds" \
        -- "$peer" "$PYTHON $PEERS/$5 check seconds"
}

rows_of() { echo $(($(wc -l <"$1") - 1)); }
