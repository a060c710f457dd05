"""Pages of the clauses' room, one file per aggregate."""
