from enum import StrEnum


class KnownResolution(StrEnum):
    P1080 = "1080p"
    P360 = "360p"
    P480 = "480p"
    P540 = "540p"
    P720 = "720p"
    UHD_4K = "4k"

    def __str__(self) -> str:
        return str(self.value)
