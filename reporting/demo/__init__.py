"""The demonstration territory: invented people and companies in real communes, drawn from a seed alone."""
