"""Forms of reporting, one file per aggregate."""

from reporting.forms.bilans import FinalBilanForm, NarrativeForm, ProgressForm, StartBilanForm

__all__ = ["FinalBilanForm", "NarrativeForm", "ProgressForm", "StartBilanForm"]
