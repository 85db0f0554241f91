"""The charts of a report, each an SVG that is legible on light and on dark pages."""
