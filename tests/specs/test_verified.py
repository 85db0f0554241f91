"""The rules of every spec are computed as written, whatever the batch, and local."""

from pathlib import Path

import pytest

import dync

SPECS = sorted((Path(__file__).resolve().parents[2] / "specs").glob("*.dyn"))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_its_rules_are_verified(path: Path) -> None:
    program = dync.compile(path)
    found = [program.verify(name) for name in program.compilation.meant_networks]
    assert [fault for one in found for fault in one.faults] == []
    families = [family for one in found for family in one.families]
    assert families
    assert [(family.title, family.faults) for family in families if not family.holds] == []
    assert all(family.locality.local for family in families if family.as_written is not None)
