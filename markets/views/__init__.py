"""Pages of the markets' room, one file per aggregate."""
