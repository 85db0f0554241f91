"""Write the tables that ship with the package, from scikit-learn: `python tools/embed_datasets.py [FOLDER]`.

The same scikit-learn tables always give the same bytes: no time stamps, no file names, shortest exact numbers.
"""

from __future__ import annotations

import csv
import gzip
import sys
from functools import partial
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from sklearn import datasets

FOLDER = Path(__file__).parent.parent / "runtime" / "data"
TABLES = {
    "digits": datasets.load_digits,
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast_cancer": datasets.load_breast_cancer,
    "diabetes": partial(datasets.load_diabetes, scaled=False),
}


def table(bunch: Any) -> str:
    """The features and the target of a scikit-learn table as CSV with a header line."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(str(name).replace(" ", "_") for name in bunch.feature_names), "target"])
    for features, target in zip(bunch.data, bunch.target, strict=True):
        writer.writerow([*(f"{value:.0f}" if value.is_integer() else repr(float(value)) for value in features), target])
    return text.getvalue()


def compressed(text: str) -> bytes:
    """The text gzipped, with nothing in the header that could differ."""
    content = BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=content, compresslevel=9, mtime=0) as stream:
        stream.write(text.encode())
    return content.getvalue()


def main() -> None:
    """Write all the tables."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for name, load in TABLES.items():
        (folder / f"{name}.csv.gz").write_bytes(compressed(table(load())))


if __name__ == "__main__":
    main()
