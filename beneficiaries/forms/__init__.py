"""Forms of people, decisions, contracts and rules, by aggregate."""
