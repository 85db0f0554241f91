"""Rules and activations: names resolved, locality proved, derivatives taken, sums separated into products."""
