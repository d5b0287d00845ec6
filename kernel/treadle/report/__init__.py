"""What a person reads: the ledger of claims."""

from treadle.report.claims import Claim, Evidence, Progress, ProofFileError, claim
from treadle.report.ledger import Entry, verify

__all__ = ["Claim", "Entry", "Evidence", "Progress", "ProofFileError", "claim", "verify"]
