"""What happened that a higher room may want to remember."""

from django.dispatch import Signal

# sender=StoredFile, user, stored: someone downloaded a file of the private storage.
file_opened = Signal()
# sender=the list's class, user, name, format: someone exported a list.
list_exported = Signal()
