"""Pictures of a topology: SVG, HTML, DOT, Mermaid, GraphML."""
