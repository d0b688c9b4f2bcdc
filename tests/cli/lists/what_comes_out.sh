. "$TREE/tests/cli/lib.sh"
customers >c.csv
quiet segmill import c.csv --label churned -o c.h5
quiet segmill train kmeans c.h5 --k 2 -o k.model
quiet segmill score k.model c.h5 -o s.h5
segmill lists s.h5 --target generic,hubspot,salesforce -o lists
ls lists
cut -d, -f1-3,5,7,8 lists/members.csv   # distances and the model's hash left out
head -1 lists/salesforce-contact-001.csv
cat lists/hubspot-import.json lists/salesforce-contact.job.json
quiet segmill verify lists
find lists -type f -perm /077
