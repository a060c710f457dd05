"""Dashboards: what they are asked (`asked`), what they show (`buyer`); tables are `reporting.tables_of_figures`."""
