"""The sources that ship with the package: small classic tables, as scikit-learn has them.

digits: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (1998),
its test part; iris: R. A. Fisher, Annals of Eugenics 7 (1936); wine: M. Forina et al., PARVUS (1991); breast_cancer:
W. N. Street, W. H. Wolberg and O. L. Mangasarian, SPIE 1905 (1993); diabetes: B. Efron et al., Least angle regression,
Annals of Statistics 32 (2004). `tools/embed_datasets.py` makes the files.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from dync.runtime.data.content import Content
from dync.runtime.data.csv_table import read_table
from dync.runtime.data.input_file import InputFile


def digits(base: Path) -> Content:
    """1797 images of handwritten digits, 8 x 8, in 0..1; 10 classes."""
    content = _embedded("digits")
    images = (content.train["data"].astype(np.float32) / 16).reshape(-1, 8, 8)
    return replace(content, train={**content.train, "data": images})


def iris(base: Path) -> Content:
    """150 irises: length and width of sepal and petal in cm; 3 classes."""
    return _embedded("iris")


def wine(base: Path) -> Content:
    """178 wines: 13 chemical measurements in their own units; 3 classes."""
    return _embedded("wine")


def breast_cancer(base: Path) -> Content:
    """569 tumours: 30 measurements of cell nuclei; 2 classes, malignant (0) and benign (1)."""
    return _embedded("breast_cancer")


def diabetes(base: Path) -> Content:
    """442 patients: age, sex and 8 measurements in their own units; the target is how far the disease went, 25..346."""
    return _embedded("diabetes")


def _embedded(name: str) -> Content:
    """The table `name.csv.gz` beside this module: its columns by name, and its target."""
    path = f"{name}.csv.gz"
    content = read_table(InputFile(path, (files("dync.runtime.data") / path).read_bytes()), "target")
    kept = {key: content.train[key] for key in ("data", "target")}
    return replace(content, train=kept)
