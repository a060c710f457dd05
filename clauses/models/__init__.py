"""What was promised, and how it is followed."""

from clauses.models.clauses import Clause
from clauses.models.commitments import Commitment, CommitmentChange
from clauses.models.interactions import Interaction

__all__ = ["Clause", "Commitment", "CommitmentChange", "Interaction"]
