"""What was promised, and how it is followed."""

from clauses.models.clauses import Clause
from clauses.models.commitments import Commitment, CommitmentChange

__all__ = ["Clause", "Commitment", "CommitmentChange"]
