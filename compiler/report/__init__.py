"""What there is to say of a plan: layers, edges, who reads whom, loops, costs."""
