. "$TREE/tests/cli/lib.sh"
figures() {
    segmill train kmeans "$@" -o m.model | grep -e '^k ' -e '^inertia' -e '^sizes' -e '^gamma' -e '^features'
}
i=0
echo "id,visits,plan,city,zip" >c.csv
while [ $i -lt 40 ]; do
    set -- none yearly
    shift $((i % 2))
    plan=$1
    [ $((i % 10)) -ne 9 ] || plan=
    echo "c$i,$((i / 2 % 3)),$plan,Graz,z$((i % 7))"
    i=$((i + 1))
done >>c.csv
echo "--- numbers only, and with the plan"
figures c.csv --k 2
figures c.csv --k 2 --categories plan
echo "--- the weight of a mismatch"
figures c.csv --k 2 --categories plan --gamma 20
echo "--- categories only; one that is constant is told"
figures c.csv --k 2 --features "" --categories plan,city
echo "--- a start by level, and by share"
printf 'visits,plan\n1,yearly\n1,none\n' >level.csv
figures c.csv --init level.csv --categories plan
printf 'visits,plan=none,plan=yearly\n1,0,1\n1,1,0\n' >share.csv
figures c.csv --init share.csv --categories plan
echo "--- what a segment is"
quiet segmill export m.model --to json -o m.json
grep -e '"segment_name"' -e '"plan=' m.json
echo "--- scores, also of a plan that is new"
printf 'id,visits,plan\na,1,yearly\nb,1,none\nc,1,\nd,1,weekly\n' >new.csv
segmill score m.model new.csv -o s.csv >out.txt
cut -d, -f1,2,4 s.csv
segmill verify m.model | tail -1
echo "--- refusals"
refuses segmill train kmeans c.csv --categories visits -o no.model
refuses segmill train kmeans c.csv --categories plann -o no.model
refuses segmill train kmeans c.csv --categories plan,plan -o no.model
refuses segmill train kmeans c.csv --features "" --categories "" -o no.model
refuses segmill train kmeans c.csv --categories plan --gamma -1 -o no.model
printf 'visits,plan\n1,weekly\n' >bad.csv
refuses segmill train kmeans c.csv --init bad.csv --categories plan -o no.model
printf 'visits,plan\n1,\n' >bad.csv
refuses segmill train kmeans c.csv --init bad.csv --categories plan -o no.model
printf 'visits,plan=none\n1,1\n' >bad.csv
refuses segmill train kmeans c.csv --init bad.csv --categories plan -o no.model
printf 'visits,plan=none,plan=yearly\n1,1,2\n' >bad.csv
refuses segmill train kmeans c.csv --init bad.csv --categories plan -o no.model
refuses segmill train kmeans c.csv --k 2 --previous m.model -o no.model
refuses segmill train kmeans c.csv --init m.model --categories city -o no.model
sed 's/none/monthly/' c.csv >later.csv
refuses segmill train kmeans later.csv --k 2 --categories plan --previous m.model -o no.model
