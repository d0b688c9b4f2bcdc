"""Trees by other programs, over rows in memory, categories told as such:

    peer.py PROGRAM train tree|boost FILE.h5 THREADS [MODEL] [--cpu] [--memory]
    peer.py PROGRAM score|shap ROWS FILE.h5 THREADS MODEL [--cpu]

PROGRAM: lightgbm, lightgbm-quantised, xgboost, these with -numbers behind (categories as numbers)
or scikit-learn (one exact tree). tree: one round of depth 8; boost: 100 of depth 6. Prints for
bench/measure.c the seconds (with --cpu those of the processor) and how well the rows' own
probabilities rank and fit them, or with --memory the bytes a row that a training takes beyond them;
of shap what the values of the first rows add up to."""
import os
import sys
import time

words = [w for w in sys.argv[1:] if not w.startswith("--")]
flags = [w for w in sys.argv[1:] if w.startswith("--")]
program, verb, what, path, threads, *model = words
threads, model = int(threads), model[0] if model else None
os.environ["OMP_NUM_THREADS"] = str(threads)   # read when the programs are imported

import h5py
import numpy
from sklearn.metrics import log_loss, roc_auc_score

clock = time.process_time if "--cpu" in flags else time.perf_counter
with h5py.File(path) as file:
    x = file["X"][:]
    y = file["obs/churned/codes"][:]
    names = [name.decode() for name in file["var"][file["var"].attrs["_index"]][:]]
kinds = [name.startswith("kind") and not program.endswith("-numbers") for name in names]


class LightGBM:
    options = dict(verbose=-1, num_threads=threads, objective="binary",
                   use_quantized_grad=program == "lightgbm-quantised")
    tree = dict(options, num_leaves=256, max_depth=8, learning_rate=1.0), 1
    boost = dict(options, num_leaves=63, max_depth=6, learning_rate=0.1), 100

    def __init__(self):
        import lightgbm
        self.lib = lightgbm

    def train(self, settings, rounds):
        rows = self.lib.Dataset(x, y, params=self.options, feature_name=names,
                                categorical_feature=[i for i, kind in enumerate(kinds) if kind])
        return self.lib.train(settings, rows, rounds)

    def load(self):
        return self.lib.Booster(model_file=model)

    def score(self, trained, rows):
        return trained.predict(rows, num_threads=threads)

    def shap(self, trained, rows):
        return trained.predict(rows, num_threads=threads, pred_contrib=True)

    def save(self, trained):
        trained.save_model(model)


class XGBoost:
    options = dict(objective="binary:logistic", tree_method="hist", nthread=threads, verbosity=0)
    tree = dict(options, max_depth=8, learning_rate=1.0), 1
    boost = dict(options, max_depth=6, learning_rate=0.1), 100

    def __init__(self):
        import xgboost
        self.lib = xgboost

    def rows(self, make, rows, label=None):
        return make(rows, label=label, nthread=threads, enable_categorical=True,
                    feature_types=["c" if kind else "q" for kind in kinds])

    def train(self, settings, rounds):
        return self.lib.train(settings, self.rows(self.lib.QuantileDMatrix, x, y), rounds)

    def load(self):
        trained = self.lib.Booster(model_file=model)
        trained.set_param({"nthread": threads})
        return trained

    def score(self, trained, rows):
        return trained.inplace_predict(rows)

    def shap(self, trained, rows):
        return trained.predict(self.rows(self.lib.DMatrix, rows), pred_contribs=True)

    def save(self, trained):
        trained.save_model(model)


class ScikitLearn:
    tree = (8,)

    def train(self, depth):
        from sklearn.tree import DecisionTreeClassifier
        return DecisionTreeClassifier(max_depth=depth, max_leaf_nodes=256).fit(x, y)

    def score(self, trained, rows):
        return trained.predict_proba(rows)[:, 1]


peer = {"lightgbm": LightGBM, "xgboost": XGBoost, "scikit-learn": ScikitLearn}[
    program if program == "scikit-learn" else program.split("-")[0]]()
if verb == "train":
    job, arguments = peer.train, getattr(peer, what)
else:
    job, arguments = getattr(peer, verb), (peer.load(), x[:int(what)])


def resident(what):
    """Bytes: VmRSS, now, or VmHWM, the most so far."""
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(what))


before = resident("VmRSS")
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")   # the most so far is what is taken now
began = clock()
result = job(*arguments)
seconds = clock() - began
beyond = resident("VmHWM") - before
if "--memory" in flags:
    print(f"check=bytes {beyond / len(x):.1f}")
elif verb == "shap":
    print(f"check=sum {result.sum(axis=1)[:1000].mean():.6f}")
else:
    share = peer.score(result, x) if verb == "train" else result
    label = y[:len(share)]
    print(f"check=auc {roc_auc_score(label, share):.6f} log-loss {log_loss(label, share):.6f}")
print(f"seconds={seconds:.9f}")
if verb == "train" and model:
    peer.save(result)
