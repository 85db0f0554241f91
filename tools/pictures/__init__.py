"""Pictures of docs/images that show what was measured."""
