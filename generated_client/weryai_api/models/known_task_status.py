from enum import StrEnum


class KnownTaskStatus(StrEnum):
    CANCELED = "canceled"
    COMPLETE = "complete"
    COMPLETED = "completed"
    ERROR = "error"
    FAIL = "fail"
    FAILED = "failed"
    FAILED_UPPER = "FAILED"
    PENDING = "pending"
    PENDING_UPPER = "PENDING"
    PROCESSING = "processing"
    PROCESSING_UPPER = "PROCESSING"
    RUNNING = "running"
    RUNNING_UPPER = "RUNNING"
    SUCCEED = "succeed"
    SUCCEED_UPPER = "SUCCEED"
    SUCCESS = "success"
    SUCCESS_UPPER = "SUCCESS"
    WAITING = "waiting"
    WAITING_UPPER = "WAITING"

    def __str__(self) -> str:
        return str(self.value)
