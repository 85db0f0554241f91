"""Properties of networks: what they ask of a topology, and whether it holds at drawn parameters."""
