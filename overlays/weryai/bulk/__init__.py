"""Bulk runs: from ten pictures to a million, each paid for once (extra `bulk`)."""

from ._job import Job, JobState, NewJob
from ._ledger import Ledger

__all__ = ["Job", "JobState", "Ledger", "NewJob"]
