. "$TREE/tests/cli/lib.sh"
refuses segmill tarin
refuses segmill frobnicate
refuses segmill "$(printf 'two\nlines')"
refuses segmill help frobnicate
refuses segmill ''
refuses segmill --frobnicate
refuses segmill doctor now
echo "--- no words at all"
segmill 2>&1 >/dev/null | sed -n 3p
