"""Text of uploaded files; PDF and Word are parsed in a child process, since a hostile one may take all there is."""

from app.documents.reading import read_document

__all__ = ["read_document"]
