# A table in which nearly everything is wrong: each column is named with what is.
. "$TREE/tests/cli/lib.sh"
export LC_ALL=C.UTF-8
awk 'BEGIN {
    print "id,row,key,same,mostly,plan,rare,hole,gap,twin,far,score,word,since,mail,churned"
    for (i = 1; i <= 600; i++) {
        churned = i % 3 == 0 ? "yes" : "no"
        printf "c%d,%d,%d,7,%d,%s,%s,%s,%s,%g,%g,%g,%s,%s,p%d@shop.example,%s\n", i, i,
            (i * 7919) % 100003, i % 50 == 0 ? 1 : 0, i % 2 ? "plus" : "basic",
            i == 9 ? "odd" : i % 2 ? "north" : "south", i % 5 == 0 ? i % 7 : "",
            i % 40 == 0 ? -999 : i % 13, 5 - 2 * ((i * 7919) % 100003), i == 77 ? 1e9 : (i * 31) % 97,
            (churned == "yes" ? 100 : 0) + i % 17, churned == "yes" ? "gone" : "stays",
            i == 500 ? "2099-12-31" : sprintf("2024-%02d-%02d", i % 12 + 1, i % 28 + 1),
            i, churned
    }
}' >w.csv
COLUMNS=100 segmill inspect w.csv --label churned
# Nobody is shown: no id, no e-mail address.
segmill inspect w.csv --label churned --json >w.json
COLUMNS=200 segmill inspect w.csv --label churned --all >wide
grep -c -e '@shop' -e '"c[0-9]' w.json wide
LC_ALL=C COLUMNS=80 segmill inspect w.csv --label churned | LC_ALL=C grep -c '[^ -~]'
LC_ALL=C COLUMNS=80 segmill inspect w.csv --label churned | awk 'length > 100 { print "TOO WIDE:", $0 }'
