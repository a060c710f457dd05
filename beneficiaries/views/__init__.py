"""Pages about people and hours, by aggregate."""
