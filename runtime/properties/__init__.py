"""Running networks to learn how they move: whether they come to rest, and how far their units go."""
