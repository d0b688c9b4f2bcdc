"""Small models by LightGBM and XGBoost, and what they say of a few rows:

    build/peers/bin/python tests/golden/foreign/make.py

writes the models and rows.csv beside this file. A cell is what the trees see, categories as codes;
the columns behind the features are log-odds. Rows end with what is hard: missing values, a category
that nobody has seen, and floats at and beside the thresholds. Empty: the program refuses the row."""
import os
import re

import lightgbm
import numpy
import pandas
import xgboost

os.chdir(os.path.dirname(os.path.abspath(__file__)))
rng = numpy.random.default_rng(3)
n, plans, cities = 600, ["basic", "plus", "pro"], ["Bonn", "Jena", "Kiel", "Köln", "Trier", "Ulm"]
table = pandas.DataFrame({
    "age": rng.normal(40, 10, n).astype("float32"),
    "spend": numpy.round(rng.exponential(50, n), 2).astype("float32"),
    "plan": pandas.Categorical(rng.choice(plans, n), plans),
    "unused": numpy.zeros(n, "float32"),
    "city": pandas.Categorical(rng.choice(cities, n), cities),
})
s = (table.age - 40) / 10 + 1.5 * (table["plan"] == "pro") - 1.2 * table.city.isin(["Ulm", "Kiel"])
y = rng.random(n) < 1 / (1 + numpy.exp(-s - numpy.where(table.spend > 60, 0.8, -0.3)))
table.loc[rng.random(n) < 0.1, "age"] = numpy.nan
table.loc[rng.random(n) < 0.1, "plan"] = numpy.nan
codes = table.assign(plan=table["plan"].cat.codes, city=table.city.cat.codes).astype("float32")
codes[codes == -1] = numpy.nan
codes = codes.to_numpy()

light = dict(objective="binary", num_leaves=8, min_data_in_leaf=10, min_data_per_group=5,
             cat_smooth=1, max_cat_to_onehot=1, verbose=-1, num_threads=1)
lgb = lightgbm.train(light, lightgbm.Dataset(table, y), 5)
lgb.save_model("lightgbm.txt")
rf = lightgbm.train(dict(light, boosting="rf", bagging_freq=1, bagging_fraction=0.5, sigmoid=0.7,
                         use_missing=False),
                    lightgbm.Dataset(codes, y, categorical_feature=[2, 4]), 3)
rf.save_model("lightgbm-forest.txt")
grow = dict(objective="binary:logistic", max_depth=4, max_cat_to_onehot=1, nthread=1)
plain = table.assign(city=table.city.cat.rename_categories({"Köln": "Koeln"}))   # it cuts Köln
xgb = xgboost.train(grow, xgboost.DMatrix(plain, y, enable_categorical=True), 5)
xgb.save_model("xgboost.json")


def matrix(x):
    return xgboost.DMatrix(x, feature_types=["q", "q", "c", "q", "c"], enable_categorical=True)


labelled = matrix(codes)
labelled.set_label(y)
dart = xgboost.train(dict(grow, booster="dart", rate_drop=0.5, base_score=0.3, max_depth=3), labelled, 4)
dart.save_model("xgboost-dart.json")

cuts = [float(t) for line in re.findall(r"^threshold=(.*)", open("lightgbm.txt").read(), re.M)
        for t in line.split() if float(t) > 15][:3]
cuts += [float(tree.split("<")[1].split("]")[0])
         for tree in re.findall(r"\[age<[^\]]*\]", "".join(xgb.get_dump()))][:3]
rows = [codes[:24]]
for cut in cuts:
    near = numpy.float32(cut)
    for value in (numpy.nextafter(near, numpy.float32(0)), near, numpy.nextafter(near, numpy.float32(99))):
        rows.append(numpy.array([[value, value, 1, 0, 2]], "float32"))
for row in ([numpy.nan] * 5, [0, 0, 0, 0, 0], [-5, 1e9, 2, 0, 5], [numpy.nan, 60, numpy.nan, 0, 3],
            [40, numpy.nan, 1, 0, numpy.nan], [30, 20, 7, 0, 4], [50, 200, 1, 0, 40]):
    rows.append(numpy.array([row], "float32"))
rows = numpy.vstack(rows)
known = ~((rows[:, 2] > 2) | (rows[:, 4] > 5))
named = pandas.DataFrame({"age": rows[:, 0], "spend": rows[:, 1],
                          "plan": [plans[int(c)] if c < 3 else None for c in rows[:, 2]],
                          "unused": rows[:, 3],
                          "city": [cities[int(c)] if c < 6 else None for c in rows[:, 4]]})
named["plan"] = pandas.Categorical(named["plan"], plans)
named["city"] = pandas.Categorical(named.city, cities).rename_categories({"Köln": "Koeln"})
out = pandas.DataFrame(rows, columns=table.columns)
out["lightgbm.txt"] = lgb.predict(rows, raw_score=True)
share = rf.predict(rows)   # its raw score is a sum; the probability is of the mean
out["lightgbm-forest.txt"] = numpy.log(share / (1 - share))
out["xgboost.json"] = numpy.where(
    known, xgb.predict(xgboost.DMatrix(named, enable_categorical=True), output_margin=True), numpy.nan)
out["xgboost-dart.json"] = dart.predict(matrix(rows), output_margin=True, training=False)
out.to_csv("rows.csv", index=False, float_format="%.10g")
