"""dync: a declarative graph compiler for recurrent networks that learn by local rules."""
