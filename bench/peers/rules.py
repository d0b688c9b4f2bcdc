"""Itemsets and rules by mlxtend's apriori, its faster method where articles are few."""
import pandas
from answer import Fit, answer
from mlxtend.frequent_patterns import apriori, association_rules
from mlxtend.preprocessing import TransactionEncoder

lines = pandas.read_csv("baskets.csv", dtype=str)
baskets = lines.groupby("order_id")["sku"].agg(set).tolist()
with Fit() as fit:
    encoder = TransactionEncoder()
    table = pandas.DataFrame(encoder.fit(baskets).transform(baskets), columns=encoder.columns_)
    itemsets = apriori(table, min_support=0.01, use_colnames=True)
    association_rules(itemsets, num_itemsets=len(baskets), min_threshold=0.2)
answer(len(itemsets), fit)
