# %% [markdown]
# # 11 · deeper: A leak in the search, and a saved model
#
# **Aim** Measure whether hyperparameters that were chosen with ratings of test tracks flatter the final model.
# Then save the model and load it again.<br>
# **Time** {minutes} minutes.<br>
# **Needs** [Lesson 11](../11_the_recommender.ipynb).

# %%
import numpy as np

from mmrec_course.datasets import load_mosaic
from mmrec_course.display import print_table
from mmrec_course.evaluation import cold_item_split, compare, evaluate
from mmrec_course.features import extract_features
from mmrec_course.recommenders import MultimodalRecommender, MultimodalRecommenderCV

mosaic = load_mosaic()
fold = cold_item_split(mosaic.ratings, fraction=0.2, rng=0)
features = extract_features(mosaic, fit_items=fold.train_valid["item_id"].unique())

# %% [markdown]
# ## How large is the lesson's leak?
#
# In the lesson's running table the final model has hyperparameters that were chosen with ratings of test
# tracks among others. Here are its choices, and choices made again on the first split, from training
# ratings alone. Both models are fitted on these training ratings; the interval is over users.

# %%
content = {"content_reg": 1.0, "weight_power": 1.41, "popularity_weight": 0.0}
collaborative = {"als__alpha": 11.3, "als_weight": 0.75, "decay": 0.17, "ease__reg": 141.0}
mixing = {"cf_weight": 0.9, "cold_discount": 0.6, "user_shrinkage": 1.5, "ease__side_weight": 65.0}
lesson = MultimodalRecommender().set_params(**content, **collaborative, **mixing)

models = {"as in the lesson": lesson, "chosen again": MultimodalRecommenderCV()}
tables = {}
for name, unfitted in models.items():
    fitted = unfitted.fit(fold.train_valid, features)
    tables[name] = evaluate(fitted, fold, metrics=["ndcg"])
comparison = compare(tables, baseline="as in the lesson")
print_table(comparison[["mean", "difference", "diff_low", "diff_high"]], digits=3)

# %% [markdown]
# The choices that had seen test tracks are 0.002 better on them, and the interval of the difference,
# [−0.008, 0.005], contains zero. Eleven hyperparameters, averaged within one standard error, leave little to
# leak. That holds for this search and these tracks. The safe way costs more: choose anew in each split, as
# nested cross-validation does ([lesson 12](../12_real_content.ipynb)).
#
# ## Save and load
#
# `save` writes one file of arrays and JSON, without pickle: nothing in it can be executed. A checksum lets
# `load` refuse a file that was changed. We change one byte:

# %%
import tempfile
from pathlib import Path

folder = fitted.save(Path(tempfile.mkdtemp()) / "shop")
loaded = MultimodalRecommenderCV.load(folder)
user, items = ["u416"], mosaic.items.index
print("same scores:", np.allclose(loaded.score(user, items), fitted.score(user, items)))
file = folder / "model.npz"
changed = bytearray(file.read_bytes())
changed[len(changed) // 2] ^= 1
file.write_bytes(changed)
try:
    MultimodalRecommenderCV.load(folder)
except ValueError:
    print("refused: the file was changed")

# %% [markdown]
# ## Recap
#
# - Hyperparameters that were chosen with ratings of test tracks are a leak. Here it could not be told apart
#   from zero.
# - `load` refuses a file that was changed since `save`.
#
# ## Sources
#
# - Cawley and Talbot (2010), *On over-fitting in model selection and subsequent selection bias in performance
#   evaluation*, Journal of Machine Learning Research 11: how large such a leak can be.
