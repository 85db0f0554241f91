"""From the plan to a trained network: state, edges, orchestrators, phases, data, training, checkpoints, records."""
