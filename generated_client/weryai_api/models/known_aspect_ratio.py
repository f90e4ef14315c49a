from enum import StrEnum


class KnownAspectRatio(StrEnum):
    LANDSCAPE_16_9 = "16:9"
    LANDSCAPE_4_3 = "4:3"
    PORTRAIT_3_4 = "3:4"
    PORTRAIT_9_16 = "9:16"
    SQUARE_1_1 = "1:1"
    WIDE_21_9 = "21:9"

    def __str__(self) -> str:
        return str(self.value)
