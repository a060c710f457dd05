"""What leaves the house as flat files: the national network's yearly consolidation, open data. Masked by rule 9."""
