"""Faults that are planted on purpose, each caught by the part of `dync verify` that is there for it."""

import dataclasses

import jax
import jax.numpy as jnp
import pytest
from msgspec.structs import replace

import dync
from dync.compiler.driver import bind, plan_of
from dync.compiler.expression import Apply, Number, Symbol
from dync.compiler.plan import Plan
from dync.compiler.plan_error import PlanError
from dync.compiler.planning.verify_plan import verify_plan
from dync.verification.cut import Changes, update_function
from dync.verification.declared import declared_faults
from dync.verification.literal import rounded
from dync.verification.verify import localities, some_machine, verify

TEXT = """
network Small {
  input a (4)
  input b (4)
  layer h (3) tanh
  output y (3)
  edge a -> h dense learn oja
  edge h -> h dense(diagonal = 0) learn contrastive
  edge h -> y one_to_one learn delta
  edge y -> h dense
  edge b -> y dense(density = 0.5) learn perceptron(margin = 1)
  phase free { steps 1 }
  phase clamped { steps 1 }
  train free, clamped
}
"""


@pytest.fixture(scope="module")
def model():
    return bind(dync.compile_text(TEXT, "small.dyn").compilation, None, {})


@pytest.fixture(scope="module")
def plan(model):
    return plan_of(model)


def family_of(plan: Plan, rule: str) -> int:
    rules = plan.structure.rules
    (found,) = (f for f, family in enumerate(plan.structure.families) if family.rule is not None
                and rules[family.rule].name == rule)  # fmt: skip
    return found


def with_rule(plan: Plan, name: str, change) -> Plan:
    rules = tuple(change(rule) if rule.name == name else rule for rule in plan.structure.rules)
    return Plan(replace(plan.structure, rules=rules), plan.numbers)


def with_term(plan: Plan, name: str, **factors) -> Plan:
    """The plan with the first term of a rule changed."""
    return with_rule(plan, name, lambda rule: replace(rule, terms=(replace(rule.terms[0], **factors), *rule.terms[1:])))


def caught(plan: Plan, rule: str, **more):
    """By which parts the rule's family is found at fault; the others have to be found without one."""
    found = verify(plan, **more)
    by = {}
    for family in found.families:
        parts = {"as written": family.as_written, "batch": family.any_batch, "local": family.locality}
        faults = {name: part.faults for name, part in parts.items() if not part.holds}
        if family.rule == rule:
            by = faults
        else:
            assert not faults, (family.rule, faults)
    assert found.holds == (not by)
    return by


def certified(plan: Plan, rule: str, make) -> tuple[str, ...]:
    """What the certificate says of the family of a rule whose compiled update is another; nothing is compiled."""
    plan = rounded(plan)
    found = localities(some_machine(plan, 0), make)
    f = family_of(plan, rule)
    assert all(locality.holds for g, locality in found.items() if g != f)
    return found[f].faults


def planted(change):
    """What makes the update of training with something done to it."""

    def make(machine, key):
        update = update_function(machine, key)
        return lambda local: change(machine.structure, local, update(local))

    return make


def changed(changes: Changes, f: int, change) -> Changes:
    """The changes with those of one family replaced in both places."""
    wanted, updates = (found | {f: change(found[f])} for found in (changes.wanted, changes.updates))
    return dataclasses.replace(changes, wanted=wanted, updates=updates)


def test_nothing_is_wrong_with_it(plan, model):
    found = verify(plan, model)
    assert found.holds
    assert [family.rule for family in found.families] == ["oja", "contrastive", "delta", "perceptron"]
    promises = {family.rule: (family.any_batch.promise, family.any_batch.degree) for family in found.families}
    assert promises == {
        "oja": ("mean", "-1"), "contrastive": ("mean", "-1"), "delta": ("mean", "-1"),
        "perceptron": ("depends", "-1/2"),
    }  # fmt: skip
    assert all(family.locality.by_unit for family in found.families)
    assert all(0 < family.as_written.error < 1e-6 for family in found.families)


def test_a_wrong_factor(plan):
    scalar = Apply("div", (Number(1.001), Symbol("batch")))
    wrong = with_term(plan, "delta", scalar=scalar)
    verify_plan(wrong)
    assert set(caught(wrong, "delta")) == {"as written"}


def test_a_dependence_on_the_batch_in_the_plan(plan):
    scalar = Apply("div", (Number(1.0), Apply("sqrt", (Symbol("batch"),))))
    wrong = with_term(plan, "delta", scalar=scalar)
    verify_plan(wrong)
    assert set(caught(wrong, "delta")) == {"as written", "batch"}


def test_a_dependence_on_the_batch_that_one_size_does_not_show(plan):
    """At the size at which it is compared with the rule the update is right."""
    f = family_of(plan, "delta")

    def grow(structure, local, changes):
        batch = local.values[""][0].shape[1]
        return changed(changes, f, lambda change: change * jnp.sqrt(batch / 6.0))

    assert set(caught(plan, "delta", make=planted(grow))) == {"batch"}


def test_another_sender(plan, model):
    """Alone a plan with the wrong sender is the plan of another network; beside the file it is not that of this one."""
    f = family_of(plan, "oja")
    family = plan.structure.families[f]
    families = list(plan.structure.families)
    families[f] = replace(family, edges=(replace(family.edges[0], sender=plan.structure.layer_numbers["b"]),))
    wrong = Plan(replace(plan.structure, families=tuple(families)), plan.numbers)
    verify_plan(wrong)
    assert declared_faults(wrong, model) == (
        "the plan has an edge b -> h that learns by oja, which the file does not",
        "the file has an edge a -> h that learns by oja, which the plan does not",
    )


def test_the_total_of_a_layer(plan):
    wrong = with_term(plan, "delta", sender=Apply("units_sum", (Symbol("pre"),)))
    with pytest.raises(PlanError, match="units_sum"):
        verify_plan(wrong)
    by = caught(wrong, "delta")
    in_plan, in_program = by["local"]
    assert in_plan == "the plan: `units_sum` takes all units of a layer together"
    assert "of h reaches synapses of h -> y at which it does not stand" in in_program


def test_another_moment(plan):
    wrong = with_term(plan, "delta", sender=Symbol("pre", "free"))
    with pytest.raises(PlanError, match="free"):
        verify_plan(wrong)
    faults = caught(wrong, "delta")["local"]
    assert "the plan: `pre@free` is of a moment that the rule does not name" in faults
    assert "the compiled update of h -> y depends on the state of h at the end of free" in faults


def test_the_other_moment_of_the_same_rule(plan):
    """Both moments are the rule's own, so this is no question of locality."""

    def swap(rule):
        return replace(rule, terms=tuple(replace(term, sender=Symbol("pre", "free")) for term in rule.terms))

    wrong = with_rule(plan, "contrastive", swap)
    verify_plan(wrong)
    assert set(caught(wrong, "contrastive")) == {"as written"}


def test_the_wrong_end(plan):
    wrong = with_term(plan, "contrastive", sender=Symbol("post", "clamped"))
    with pytest.raises(PlanError, match="post"):
        verify_plan(wrong)
    assert "the plan: `post@clamped` stands in a factor of another end" in caught(wrong, "contrastive")["local"]


def test_another_layer_in_the_compiled_function(plan):
    """Multiplied by zero it changes no number, and is found all the same."""
    f, b = family_of(plan, "oja"), plan.structure.layers[plan.structure.layer_numbers["y"]].block

    def mix(structure, local, changes):
        return changed(changes, f, lambda change: change + 0 * jnp.sum(local.values[""][b]))

    faults = caught(plan, "oja", make=planted(mix))
    assert faults["local"][0] == "the compiled update of a -> h depends on the state of y"
    assert set(faults) == {"local"}, "only the certificate can tell"


def test_the_field_of_another_layer_and_the_weights_of_another_edge(plan):
    f, other = family_of(plan, "perceptron"), family_of(plan, "oja")
    b = plan.structure.layers[plan.structure.layer_numbers["h"]].block

    def mix(structure, local, changes):
        strange = jnp.max(local.fields[""][b]) + jnp.min(local.weights[other])
        return changed(changes, f, lambda change: jax.lax.cond(strange > 0, lambda: change, lambda: change + 0))

    assert certified(plan, "perceptron", planted(mix))[:2] == (
        "the compiled update of b -> y depends on the field of h",
        "the compiled update of b -> y depends on the weights of a -> h",
    )


def test_a_neighbour_of_the_synapse_in_the_compiled_function(plan):
    f = family_of(plan, "perceptron")

    def mix(structure, local, changes):
        return changed(changes, f, lambda change: change + 0 * jnp.roll(local.weights[f], 1, axis=1))

    (fault,) = certified(plan, "perceptron", planted(mix))
    assert fault == "the compiled update: a weight of b -> y reaches other synapses of b -> y"


WITH_TRACES = """
rule rewarded(reward, keep = 0.5) {
  trace eager = keep * eager + pre
  trace late = keep * late + post * field
  update (reward - 0.25) * eager * post / batch + 0.1 * late * pre / batch
}
rule tangled(reward) { update tanh(pre * post + reward@free) * abs(weight) }
network Traced {
  input a (4)
  layer h[1..2] (3) tanh
  output y (2)
  edge a -> h[1] dense learn rewarded(correct) during free
  edge h[1] -> h[2] dense learn tangled(mse)
  edge h[2] -> y dense learn rewarded(reward = correct, keep = 0.9)
  edge feedback: y -> h[1] dense
  edge tied_one: h[1] -> y tied(feedback, transposed = true)
  measure correct = mean((y - y.target)**2)
  phase free { steps 2 }
  phase after { steps 1 }
  train free, after
}
"""


@pytest.fixture(scope="module")
def traced():
    model = bind(dync.compile_text(WITH_TRACES, "traced.dyn").compilation, None, {})
    return plan_of(model)


def test_traces_and_measures_are_verified(traced):
    found = verify(traced)
    assert found.holds, [family.faults for family in found.families]
    assert [(f.rule, f.any_batch.promise, f.locality.reads) for f in found.families] == [
        ("rewarded", "mean", ("eager", "pre", "post", "late", "field", "reward")),
        ("tangled", "sum", ("pre", "post", "weight", "reward@free")),
        ("rewarded", "mean", ("eager", "pre", "post", "late", "field", "reward")),
    ]


def test_a_trace_that_reads_the_other_end(traced):
    def change(rule):
        (trace,) = rule.sender_traces
        wrong = Apply("add", (trace.next, Apply("mul", (Number(0.0), Symbol("weight")))))
        return replace(rule, sender_traces=(replace(trace, next=wrong),))

    wrong = with_rule(traced, "rewarded", change)
    with pytest.raises(PlanError, match="weight"):
        verify_plan(wrong)


def test_a_trace_that_another_layer_reaches(traced):
    b = traced.structure.layers[traced.structure.layer_numbers["y"]].block

    def mix(structure, local, changes):
        key = next(key for key in changes.traces if key.endswith("eager"))
        strange = 0 * jnp.sum(local.values[""][b])
        return dataclasses.replace(changes, traces=changes.traces | {key: changes.traces[key] + strange})

    found = localities(some_machine(rounded(traced), 0), planted(mix))
    (fault,) = (fault for locality in found.values() for fault in locality.faults)
    assert fault == "the trace eager of a -> h[1] depends on the state of y"


def test_a_measure_that_the_rule_does_not_take(traced):
    f = family_of(traced, "tangled")

    def mix(structure, local, changes):
        return changed(changes, f, lambda change: change + 0 * jnp.sum(local.measures[""]["correct"]))

    assert certified(traced, "tangled", planted(mix)) == (
        "the compiled update of h[1] -> h[2] depends on the measure correct",
    )


SENDING = """
activation spiking(keep = 0.5) {
  trace tired = keep * tired + [state > 0.5]
  next state / 2 + field - tired
  sends [state > 0.5]
  surrogate 1 / (1 + abs(state))
}
rule voltage { update (pre + pre.state * post.state) * slope * (post - predicted) / batch }
network Sending {
  input a (4)
  layer h (3) spiking
  layer p (3) softmax
  output y (2)
  edge a -> h dense learn voltage
  edge slow: h -> h dense(diagonal = 0) delay 2 learn voltage
  edge h -> p dense learn voltage
  edge p -> y dense learn hebbian
  phase go { steps 3 }
  train go
}
"""


def test_what_units_send_and_remember_is_verified():
    found = verify(plan_of(bind(dync.compile_text(SENDING, "sending.dyn").compilation, None, {})))
    assert found.holds, [family.faults for family in found.families]
    by_unit = {family.title: family.locality.by_unit for family in found.families}
    assert by_unit == {"a -> h": True, "h -> h": True, "h -> p": False, "p -> y": False}, "a softmax reads its layer"
    assert found.families[0].locality.reads == ("pre", "pre.state", "post.state", "slope", "post", "predicted")
