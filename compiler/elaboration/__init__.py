"""From syntax to the resolved model: parameters bound, arrays unrolled, names found, mistakes gathered."""
