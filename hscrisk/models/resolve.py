"""Fixing the time of a booster: time splits resolved at one horizon, covers of the cohort.

Only then is time's contribution 0 for everybody and the base of an explanation the mean
log-odds of the cohort at that horizon. The resolved booster predicts the same bits.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Tree = dict[str, Any]
NO_PARENT = 2147483647
NEVER = 1e-9
"""Cover of a node that no training row reaches; 0 would divide 0 by 0 in TreeSHAP."""


def resolve_time(
    booster: xgb.Booster, log_time: float, matrix: Matrix, columns: NDArray[np.intp]
) -> bytes:
    """Return the booster at one horizon, in UBJ, over all columns of `matrix`.

    Parameters
    ----------
    booster : Booster
        Its last feature is log time.
    log_time : float
    matrix : ndarray of float32, shape (n_samples, n_columns)
        The training cohort, without time: it gives the covers.
    columns : ndarray of int
        The columns of `matrix` that the booster was grown on.
    """
    model = json.loads(bytes(booster.save_raw("json")))
    learner = model["learner"]
    time_index = int(learner["learner_model_param"]["num_feature"]) - 1
    learner["learner_model_param"]["num_feature"] = str(matrix.shape[1])
    learner["feature_names"], learner["feature_types"] = [], []
    trees = learner["gradient_booster"]["model"]["trees"]
    for i, tree in enumerate(trees):
        trees[i] = _resolve_tree(tree, time_index, np.float32(log_time))
        _renumber(trees[i], columns, matrix.shape[1])
    if trees:
        leaves = _load(model).predict(xgb.DMatrix(matrix), pred_leaf=True)
        leaves = np.asarray(leaves, dtype=np.intp).reshape(len(matrix), len(trees))
        for i, tree in enumerate(trees):
            _set_covers(tree, leaves[:, i])
    return bytes(_load(model).save_raw("ubj"))


def _load(model: dict[str, Any]) -> xgb.Booster:
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(json.dumps(model).encode()))
    return booster


def _resolve_tree(tree: Tree, time_index: int, log_time: np.float32) -> Tree:
    left, right = tree["left_children"], tree["right_children"]

    def live(node: int) -> int:
        while left[node] != -1 and tree["split_indices"][node] == time_index:
            goes_left = log_time < np.float32(tree["split_conditions"][node])
            node = left[node] if goes_left else right[node]
        return node

    # Breadth-first with siblings as neighbours: TreeSHAP silently assumes right = left + 1.
    kept, parents, children = [live(0)], [NO_PARENT], []
    for position, node in enumerate(kept):
        if left[node] == -1:
            children.append((-1, -1))
            continue
        children.append((len(kept), len(kept) + 1))
        kept += [live(left[node]), live(right[node])]
        parents += [position, position]
    resolved = {
        name: [values[node] for node in kept]
        if isinstance(values, list) and len(values) == len(left)
        else values
        for name, values in tree.items()
    }
    resolved["left_children"] = [a for a, _ in children]
    resolved["right_children"] = [b for _, b in children]
    resolved["parents"] = parents
    resolved["tree_param"] = tree["tree_param"] | {"num_nodes": str(len(kept))}
    return resolved


def _renumber(tree: Tree, columns: NDArray[np.intp], n_columns: int) -> None:
    inner = [left != -1 for left in tree["left_children"]]
    tree["split_indices"] = [
        int(columns[index]) if splits else 0
        for index, splits in zip(tree["split_indices"], inner, strict=True)
    ]
    tree["tree_param"]["num_feature"] = str(n_columns)


def _set_covers(tree: Tree, leaves: NDArray[np.intp]) -> None:
    left, right = tree["left_children"], tree["right_children"]
    covers = np.bincount(leaves, minlength=len(left)).astype(np.float64)
    covers = np.maximum(covers, NEVER)
    for node in range(len(left) - 1, -1, -1):
        if left[node] != -1:
            covers[node] = covers[left[node]] + covers[right[node]]
    tree["sum_hessian"] = [float(cover) for cover in covers]
