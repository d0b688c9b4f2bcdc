# Which rules a training keeps: measures, tests, redundancy, items, groups, weights, features,
# baskets held out. What each choice leaves is counted by the golden rules and by hand elsewhere
# (tests/unit/kernels/test_rule_*.c, tests/unit/models); here: that the options reach them.
. "$TREE/tests/cli/lib.sh"
cat >b.csv <<'END'
beer,chips,dip
beer,chips
beer,chips,dip,salsa
wine,cheese
wine,cheese,grapes
wine,cheese,bread
bread,butter
bread,butter,milk
bread,milk
beer,dip
END
quiet segmill import b.csv --kind baskets --lines -o b.h5
rules() {
    echo "--- $*"
    segmill train rules b.h5 --min-support 2 --min-confidence 0.6 "$@" --quiet -o m.model |
        grep -E '^(baskets|itemsets|rules|held_out|  (baskets|rules_met|conf|still))' | sed 's/  */ /g'
    segmill export m.model --to csv
}
rules --head chips
rules --head chips --max-head 2 --measures lift,phi,fishers-exact-test
rules --without beer --by leverage --top 2
rules --with wine --max-body 1
rules --body wine,bread --by lift
rules --filter 'lift>2.4,conviction<=9' --by lift
rules --test fisher --correction none --alpha 0.04
rules --redundant drop
rules --redundant basis --max-head 2 --measures confidence
rules --hold-out 0.4 --measures confidence --top 3
cat >groups.csv <<'END'
item,parent
beer,drinks
wine,drinks
milk,drinks
drinks,all
END
rules --taxonomy groups.csv --with drinks --top 4
rules --taxonomy groups.csv --head beer
rules --taxonomy groups.csv --head beer --method apriori
rules --taxonomy groups.csv --head drinks
rules --taxonomy groups.csv --head drinks --method apriori
echo '--- support by the number of sets'
segmill train rules b.h5 --target-itemsets 12 --min-confidence 0.6 --json --quiet -o m.model |
    /usr/bin/python3 -c 'import json, sys
m = json.load(sys.stdin)
print(m["support_count"], m["itemsets"], [(t["support_count"], t["itemsets"]) for t in m["supports_tried"]])'
echo '--- features as baskets, counted by weight'
cat >f.csv <<'END'
id,plan,age,times
a,gold,31,2
b,gold,64,1
c,free,22,3
d,free,25,1
e,gold,58,2
END
quiet segmill import f.csv --kind features --id id -o f.h5
segmill train rules f.h5 --bins age:30,60 --weights times --min-support 2 --min-confidence 0.5 --quiet -o f.model |
    grep -E '^(baskets|itemsets|rules)'
segmill export f.model --to csv
segmill score f.model f.h5 --offers 1 --quiet -o f.csv2.csv >quiet && cat f.csv2.csv
refuses segmill train rules b.h5 --min-support 2 --min-confidence 0.6 --by boost -o x.model
refuses segmill train rules b.h5 --min-support 2 --min-confidence 0.6 --measures lft -o x.model
refuses segmill train rules b.h5 --min-support 2 --min-confidence 0.6 --filter 'lift=2' -o x.model
refuses segmill train rules b.h5 --min-support 2 --min-confidence 0.6 --with beer --without beer -o x.model
refuses segmill train rules b.h5 --min-support 2 --min-confidence 0.6 --body beeer -o x.model
refuses segmill train rules b.h5 --min-support 2 --target-itemsets 10 --min-confidence 0.6 -o x.model
refuses segmill train rules b.h5 --min-support 2 --min-confidence 0.6 --max-rules 3 -o x.model
refuses segmill train rules b.h5 --min-support 2 --min-confidence 0.6 --weights times -o x.model
