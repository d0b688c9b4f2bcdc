# bar.awk: lines of "wanted and reached", for the scripts that judge a file of results. A value of
# "" is a bar without a figure; counts the bars that are missed.
function bar(what, least, value, more,   ok) {
    ok = value == "" ? "none" : value >= least ? "yes" : "NO"
    if (ok != "yes") missed++
    printf "%-4s %-54s %8s %8s  %s\n", ok, what, least,
           value == "" ? "-" : sprintf("%.4g", value), more
}
function bar_head() { printf "%-4s %-54s %8s %8s\n", "", "", "least", "reached" }
function ratio(a, b, of) { return a in of && b in of && of[b] > 0 ? of[a] / of[b] : "" }
