"""The kind of an edge in few words, for reports, pictures and texts."""

from __future__ import annotations

from dync.compiler.model import EdgeModel
from dync.compiler.plan import FamilyPlan, Structure
from dync.compiler.window_plan import Shape


def kind_words(edge: EdgeModel | FamilyPlan) -> str:
    """The kind with what tells it from others of its sort: `conv 3x3`, `pool 2x2 max`, `low_rank 4`, `tied dense`,
    `network Encoder`."""
    words: list[str] = [edge.kind] if _owner(edge) is None else ["tied", edge.kind]
    if edge.inner is not None:
        words.append(edge.inner.network if isinstance(edge.inner, Structure) else edge.inner.name)
    if edge.foreign is not None:
        words.append(edge.foreign.place)
    window = edge.window
    if window is not None:
        words.append(_size(window.kernel))
        words += [window.by] if window.by is not None else []
        usual = window.kernel if window.by is not None else (1,) * len(window.kernel)
        words += [f"stride {_size(window.stride)}"] if window.stride != usual else []
        words += [f"groups {window.groups}"] if window.groups > 1 else []
    if edge.rank is not None:
        words.append(str(edge.rank))
    conv_turned = edge.kind == "conv" and window is not None and window.transposed
    return " ".join([*words, *(["transposed"] if conv_turned or (edge.kind != "conv" and _turned(edge)) else [])])


def _owner(edge: EdgeModel | FamilyPlan) -> object:
    return edge.tie if isinstance(edge, EdgeModel) else edge.owner


def _turned(edge: EdgeModel | FamilyPlan) -> bool:
    return (edge.tie is not None and edge.tie.turned) if isinstance(edge, EdgeModel) else edge.turned


def _size(numbers: Shape) -> str:
    return "x".join(map(str, numbers))
