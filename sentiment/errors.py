"""What can go wrong with a model.

SentimentError
├── ModelBroken      a file of the model is missing, damaged or of another version
├── ModelUnusable    the configured model cannot run here or its labels are not mapped
└── TrainingError    the training data or the base model cannot be used
"""


class SentimentError(RuntimeError):
    """Something is wrong with the sentiment model."""


class ModelBroken(SentimentError):
    """A file of the model is missing, damaged or of another version."""


class ModelUnusable(SentimentError):
    """The configured model cannot run here or its labels are not mapped."""


class TrainingError(SentimentError):
    """The training data or the base model cannot be used."""
