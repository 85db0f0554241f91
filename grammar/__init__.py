"""The text of the language: source and spans, diagnostics, reading text into a tree and printing it back."""
