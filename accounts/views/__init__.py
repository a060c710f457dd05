"""Pages of the accounts, one file per place."""
