"""Data: sources, transforms fitted on the training part, and the parts that come out."""

from dync.runtime.data.content import Content, FileRecord
from dync.runtime.data.dataset import Dataset, Part, load
from dync.runtime.data.error import DataError
from dync.runtime.data.sources import register_source, source_signatures
from dync.runtime.data.transforms import transform_signatures

__all__ = [
    "Content",
    "DataError",
    "Dataset",
    "FileRecord",
    "Part",
    "load",
    "register_source",
    "source_signatures",
    "transform_signatures",
]
