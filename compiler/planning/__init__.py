"""From the model to the plan: blocks, families, waves, numbers; and whether a plan holds together."""
