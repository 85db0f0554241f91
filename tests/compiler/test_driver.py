"""The driver: all stages, on whole files."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dync.compiler.driver import check, compile_source, plan_of
from dync.compiler.emit import MODEL_STAGES, TEXT_STAGES, ModelStage, TextStage, emit_model, emit_text
from dync.compiler.pipelines.signatures import Signature
from dync.grammar.diagnostic import DiagnosticError
from dync.grammar.source import Source

SPECS = Path(__file__).parents[2] / "specs"

TEXT = """network Memory {
  param  units = 8 in 2..64
  input  cue (units)
  layer  m[1..2] (units) leaky_tanh(leak = 0.5) start cue
  output y (units)
  constant one (1) = 1
  edge early: cue -> m[1] dense(density = 0.5) sends 2 * state learn hebbian rate 0.5 decay 0.1
  edge m[1] -> m[2] one_to_one(0.5)
  edge m[2] -> y dense learn delta
  edge one -> y dense
  group all { m }
  schedule grouped(all)
  phase relax { until settled within 0.1 max 9 messages forward except y clamp cue }
  train relax
}
"""


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.dyn")), ids=lambda path: path.name)
def test_specs_are_clean(path: Path) -> None:
    assert check(Source(path.name, path.read_text(encoding="utf-8"))) == ()


def test_a_clean_file_gives_models_and_plans() -> None:
    compilation = compile_source(Source("memory.dyn", TEXT)).verify()
    assert compilation.diagnostics == ()
    assert plan_of(compilation.networks["Memory"]).structure.network == "Memory"


def test_a_file_with_errors_is_not_verified() -> None:
    with pytest.raises(DiagnosticError):
        compile_source(Source("memory.dyn", TEXT.replace("tanh", "tahn"))).verify()


@pytest.mark.parametrize("stage", TEXT_STAGES)
def test_stages_of_a_file(stage: TextStage) -> None:
    source = Source("memory.dyn", TEXT)
    assert "Memory" in emit_text(stage, source)
    assert emit_text(stage, source) == emit_text(stage, source)


@pytest.mark.parametrize("stage", MODEL_STAGES)
def test_stages_of_a_network(stage: ModelStage) -> None:
    first, second = (compile_source(Source("memory.dyn", TEXT)).networks["Memory"] for _ in range(2))
    assert emit_model(stage, first) == emit_model(stage, second)
    assert "m[2]" in emit_model(stage, first)


def test_the_model_as_text_reads_as_a_network() -> None:
    text = emit_model("model", compile_source(Source("memory.dyn", TEXT)).networks["Memory"])
    assert "  layer m[1] (8) leaky_tanh(leak = 0.5) start cue\n" in text
    assert "edge early: cue -> m[1] dense(strength = 1, density = 0.5) sends 2 * state learn hebbian rate 0.5" in text
    assert "phase relax { until settled within 0.1 max 9 messages forward except y clamp cue }" in text
    assert "  next (1 - leak) * state + leak * tanh(field)\n" in text


def test_other_sources_can_be_made_known() -> None:
    pipeline = "pipeline p training { network Memory data mine(1, depth = deep) updates 1 optimizer sgd(0.1) }"
    source = Source("memory.dyn", TEXT + pipeline)
    assert [d.code for d in check(source)] == ["E0808"]
    found = compile_source(source, {"mine": Signature(open=True)})
    assert found.diagnostics == ()
    assert found.pipelines["p"].plan.data.source.positional == (1,)
    assert found.pipelines["p"].plan.data.source.named == {"depth": "deep"}


def test_syntax_errors_do_not_hide_other_mistakes_nor_make_new_ones() -> None:
    broken = TEXT.replace("layer  m[1..2] (units)", "layer  m[1..2] (units").replace("learn delta", "learn dleta")
    codes = [d.code for d in check(Source("memory.dyn", broken))]
    assert "E0205" in codes
    assert "E0201" not in codes
    assert [code for code in codes if not code.startswith("E01")] == ["E0205"]


WORDS = TEXT.split()


@given(st.integers(0, len(WORDS) - 1), st.sampled_from([*sorted(set(WORDS)), "", "}", "(", "h[", "1e999", "**"]))
@example(0, "")
def test_no_text_breaks_the_compiler(place: int, word: str) -> None:
    changed = " ".join([*WORDS[:place], word, *WORDS[place + 1 :]])
    source = Source("changed.dyn", changed)
    compilation = compile_source(source)
    for network in compilation.networks.values():
        plan_of(network)
    for diagnostic in compilation.diagnostics:
        assert diagnostic.message
        assert diagnostic.notes is not None
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(changed)


def test_a_check_imports_neither_jax_nor_optax() -> None:
    program = (
        "import sys; from dync.compiler.driver import check; from dync.grammar.source import Source;"
        "assert check(Source('memory.dyn', sys.argv[1])) == ();"
        "print([m for m in ('jax', 'optax', 'equinox', 'numpy') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program, TEXT], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
