"""From the syntax tree to the plan: names, model, rules, topology, plan. No JAX, no input or output."""
