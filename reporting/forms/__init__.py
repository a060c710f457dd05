"""Forms of reporting, one file per aggregate."""

from reporting.forms.bilans import FinalBilanForm, ProgressForm, StartBilanForm
from reporting.forms.narrative import NarrativeForm

__all__ = ["FinalBilanForm", "NarrativeForm", "ProgressForm", "StartBilanForm"]
