"""The format of MNIST."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dync.runtime.data import FileRecord, bounds

IMAGES = np.arange(5 * 4 * 4).reshape(5, 4, 4) * 3
LABELS = np.array([0, 1, 2, 0, 1])


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_images_and_labels(ending: str, call: Any, data: Any, write_idx: Any, tmp_path: Path) -> None:
    images, labels = write_idx(f"images{ending}", IMAGES), write_idx(f"labels{ending}", LABELS)
    loaded = data(call("idx", images=images, labels=labels), x=(16,), y=(10,))
    train = loaded.parts["train"]
    np.testing.assert_allclose(train.arrays["x"], IMAGES.reshape(5, 16) / 255, rtol=1e-6)
    np.testing.assert_array_equal(train.arrays["y"].argmax(axis=1), LABELS)
    assert loaded.files[0] == FileRecord(images, hashlib.sha256((tmp_path / images).read_bytes()).hexdigest())
    assert set(loaded.parts) == {"train"}


def test_compression_does_not_change_the_digest(call: Any, data: Any, write_idx: Any) -> None:
    plain, packed = (data(call("idx", write_idx(name, IMAGES)), x=(4, 4), y=None) for name in ("a", "a.gz"))
    assert plain.digest == packed.digest
    assert plain.files != packed.files


def test_own_test_part(call: Any, data: Any, write_idx: Any) -> None:
    source = call(
        "idx",
        images=write_idx("a", IMAGES),
        labels=write_idx("b", LABELS),
        test_images=write_idx("c", IMAGES[:2]),
        test_labels=write_idx("d", LABELS[:2]),
    )
    loaded = data(source, call("split", validation=0.4), x=(16,), y=(3,))
    assert {name: part.examples for name, part in loaded.parts.items()} == {"train": 3, "validation": 2, "test": 2}
    assert len(loaded.files) == 4


def test_images_alone(call: Any, data: Any, refused: Any, write_idx: Any) -> None:
    source = call("idx", write_idx("a", IMAGES))
    assert set(data(source, x=(16,), y=None).parts["train"].arrays) == {"x"}
    refused(["the output y", "say which it takes"], source, x=(16,))


def cut(content: bytes) -> bytes:
    return content[:-20]


def flip_byte(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [cut, flip_byte])
def test_damaged_gzip(
    damage: Callable[[bytes], bytes], call: Any, refused: Any, write_idx: Any, tmp_path: Path
) -> None:
    rng = np.random.Generator(np.random.PCG64(0))
    name = write_idx("a.gz", rng.integers(0, 256, (50, 4, 4)))
    (tmp_path / name).write_bytes(damage((tmp_path / name).read_bytes()))
    refused(["a.gz", "fetch it again"], call("idx", name), x=(16,), y=None)


@pytest.mark.parametrize(
    ("sizes", "phrase"),
    [((6, 4, 4), "only 80"), ((4, 4, 4), "more"), ((2**20, 4, 4), "far fewer"), ((2**31, 99, 99), "more than the")],
)
def test_header_that_does_not_tell_the_truth(
    sizes: tuple[int, ...], phrase: str, call: Any, refused: Any, write_idx: Any
) -> None:
    refused(["a.gz", phrase], call("idx", write_idx("a.gz", IMAGES, sizes=sizes)), x=(16,), y=None)


def test_gzip_bomb_is_not_unpacked(call: Any, refused: Any, tmp_path: Path) -> None:
    header = bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4) for n in (2, 2, 2))
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(header + bytes(10**7)))
    refused(["bomb.gz", "2 x 2 x 2", "more follow"], call("idx", "bomb.gz"), x=(4,), y=None)


def test_what_is_no_idx_file(call: Any, refused: Any, write_idx: Any, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello, world")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "short").write_bytes(bytes([0, 0, 8, 3, 0, 0]))
    refused(["text is not an IDX file"], call("idx", "text"))
    refused(["empty is not an IDX file"], call("idx", "empty"))
    refused(["short is cut short"], call("idx", "short"))
    refused(["magic number 3331"], call("idx", write_idx("floats", IMAGES, magic=0x0D03)))
    refused(["nowhere does not exist"], call("idx", "nowhere"))
    refused([". is not a file"], call("idx", "."))
    refused(["cannot be read"], call("idx", "a" * 5000))


def test_pairs_that_do_not_fit(call: Any, refused: Any, write_idx: Any) -> None:
    images, labels = write_idx("images", IMAGES), write_idx("labels", LABELS)
    refused(["5 images", "4 labels"], call("idx", images, write_idx("few", LABELS[:4])))
    refused(["exchanged"], call("idx", labels, images))
    refused(["test_images"], call("idx", images, labels, test_labels=labels))
    refused(["give both, or neither"], call("idx", images, labels, test_images=images))


def test_empty_file_has_no_examples(call: Any, refused: Any, write_idx: Any) -> None:
    refused(["train part is empty"], call("idx", write_idx("a", IMAGES[:0])), x=(16,), y=None)


def test_too_large_a_file(call: Any, refused: Any, write_idx: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_BYTES", 50)
    refused(["images", "50"], call("idx", write_idx("images", IMAGES)))
