"""What the model compiler says when a definition is wrong.

Every message begins with the place and names the thing that is wrong: ``lif.toml:31: [step] line 4: ...`` of a file, ``model
'lif':31: [step] line 4: ...`` of text.
"""

from __future__ import annotations


class ModelError(ValueError):
    """A model or surrogate definition cannot be compiled. The base of all errors below."""


class DocumentError(ModelError):
    """The document is not TOML, or a section or entry is missing, unknown or of the wrong shape."""


class ModelNameError(ModelError):
    """A name is unknown, taken, badly formed, or reserved in one of the target languages."""


class ModelTypeError(ModelError):
    """A float, int or bool stands where another type is needed."""


class ModelUnitError(ModelError):
    """Quantities of different units are added, compared or assigned."""


class ModelBoundsError(ModelError):
    """A default lies outside its bounds, or a document is larger than the format allows."""


class ModelLanguageError(ModelError):
    """A construct that the language does not have, or does not have in this place."""
