"""The errors that a person reads: one French sentence that says what is wrong, where, and what to do."""


class DomainError(Exception):
    """A rule of the trade refuses what was asked; str(error) is the sentence shown."""

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
