"""Forms, by aggregate; each error stands beside what it is about."""
