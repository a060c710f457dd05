"""Rows that every room uses and that know no domain: jobs, messages, stored files."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from core.fields import WordField
from core.querysets import ScopedManager, ScopedQuerySet
from core.text import normalise, typed_words


class ReferenceRow(models.Model):
    """A row of a reference list: loaded by `load_reference`, deactivated when it vanishes, never deleted."""

    code = models.CharField("code", max_length=20, primary_key=True)
    label = models.CharField("libellé", max_length=250)
    position = models.PositiveIntegerField("rang", default=0)
    is_active = models.BooleanField("en vigueur", default=True)

    class Meta:
        abstract = True
        ordering = ("position", "code")

    def __str__(self) -> str:
        return self.label


class Searchable(models.Model):
    """A row found by its words whatever their accents, case or hyphens."""

    search_fields: ClassVar[tuple[str, ...]] = ()
    search_key = models.CharField(max_length=500, editable=False, db_index=True, default="")

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_key = self.make_search_key()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "search_key"}
        super().save(*args, **kwargs)

    def make_search_key(self) -> str:
        return normalise(" ".join(str(getattr(self, field) or "") for field in self.search_fields))[:500]


class SearchableQuerySet(ScopedQuerySet):
    """Rows found by words in any order."""

    def matching(self, words: str) -> SearchableQuerySet:
        found = self
        for word in typed_words(words):
            # The key holds 500 characters: the beginning of a very long name is enough to find it.
            found = found.filter(search_key__contains=word)
        return found


class SearchWordQuerySet(models.QuerySet):
    def beginning_with(self, word: str) -> SearchWordQuerySet:
        """Words that begin with this one: a range of the index, the same on both databases."""
        return self.filter(word__gte=word, word__lt=word + chr(0x10FFFF))


class SearchWord(models.Model):
    """A word by which a row of a registered source is found (`core.search`). It says nothing of who may see the row."""

    LONGEST = 40

    source = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    word = WordField(max_length=LONGEST)

    objects = SearchWordQuerySet.as_manager()

    class Meta:
        verbose_name = "mot de la recherche"
        verbose_name_plural = "mots de la recherche"
        ordering = ("pk",)
        indexes = [
            models.Index(fields=["source", "word", "object_id"], name="search_word"),
            models.Index(fields=["source", "object_id"], name="search_object"),
        ]

    def __str__(self) -> str:
        return self.word


class StoredFileQuerySet(ScopedQuerySet):
    """Files are opened through `core.files.file_for(user, pk)`: the kind's registered rule decides."""


class StoredFile(models.Model):
    """One uploaded or generated file of the private storage, encrypted under a random name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("nature", max_length=40)
    name = models.CharField("nom", max_length=250)
    content_type = models.CharField("type", max_length=120)
    size = models.PositiveBigIntegerField("taille", help_text="octets, avant chiffrement")
    sha256 = models.CharField("empreinte", max_length=64)
    path = models.CharField("emplacement", max_length=120, unique=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="par"
    )

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        verbose_name = "fichier"
        verbose_name_plural = "fichiers"
        ordering = ("-created_at", "pk")

    def __str__(self) -> str:
        return self.name


class JobState(models.TextChoices):
    QUEUED = "queued", "en attente"
    RUNNING = "running", "en cours"
    DONE = "done", "terminé"
    FAILED = "failed", "en échec"
    CANCELLED = "cancelled", "annulé"


class JobQuerySet(ScopedQuerySet):
    """The house sees every long work; the others see those they asked for."""

    def visible_to_buyer(self, user: Any) -> JobQuerySet:
        return self.filter(created_by=user)

    def visible_to_company(self, user: Any) -> JobQuerySet:
        return self.filter(created_by=user)


class Job(models.Model):
    """A long work, its progress and what it produced. Idempotent by key while it waits or runs."""

    State = JobState

    kind = models.CharField("travail", max_length=60)
    key = models.CharField("clé", max_length=200)
    label = models.CharField("intitulé", max_length=250)
    payload = models.JSONField("paramètres", default=dict, blank=True)
    state = models.CharField("état", max_length=10, choices=JobState, default=JobState.QUEUED)
    done = models.PositiveIntegerField("fait", default=0)
    total = models.PositiveIntegerField("à faire", default=0)
    report = models.JSONField("compte rendu", default=dict, blank=True)
    error = models.TextField("erreur", blank=True)
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    worker = models.CharField("exécutant", max_length=120, blank=True)
    result_file = models.ForeignKey(
        StoredFile, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="résultat"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="par"
    )
    created_at = models.DateTimeField("demandé le", auto_now_add=True)
    started_at = models.DateTimeField("commencé le", null=True, blank=True)
    heartbeat_at = models.DateTimeField("dernier signe", null=True, blank=True)
    finished_at = models.DateTimeField("fini le", null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = "travail"
        verbose_name_plural = "travaux"
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(state__in=["queued", "running"]),
                name="job_one_open_per_key",
                violation_error_message="Ce travail est déjà en cours.",
            ),
        ]
        indexes = [models.Index(fields=["state", "heartbeat_at"], name="job_state_heartbeat")]

    def __str__(self) -> str:
        return self.label

    @property
    def is_open(self) -> bool:
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    @property
    def percent(self) -> int:
        return (
            min(100, self.done * 100 // self.total)
            if self.total
            else (100 if self.state == JobState.DONE else 0)
        )


class MessageState(models.TextChoices):
    QUEUED = "queued", "à envoyer"
    SENDING = "sending", "envoi en cours"
    SENT = "sent", "envoyé"
    UNSURE = "unsure", "envoi incertain"
    FAILED = "failed", "non envoyé"


class Message(models.Model):
    """An e-mail: written in the transaction that decides it, sent by a job, never repeated silently."""

    State = MessageState

    key = models.CharField("clé", max_length=200, unique=True)
    recipients = models.JSONField("destinataires", default=list)
    subject = models.CharField("objet", max_length=250)
    body = models.TextField("texte")
    attachments = models.ManyToManyField(
        StoredFile, blank=True, related_name="+", verbose_name="pièces jointes"
    )
    # The number of a person's file, where the message is about a person: its words go when they are anonymised.
    person_number = models.PositiveBigIntegerField(null=True, blank=True, editable=False, db_index=True)
    state = models.CharField("état", max_length=10, choices=MessageState, default=MessageState.QUEUED)
    error = models.TextField("erreur", blank=True)
    created_at = models.DateTimeField("écrit le", auto_now_add=True)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = "message"
        verbose_name_plural = "messages"
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return self.subject


class AccessLinkQuerySet(ScopedQuerySet):
    def usable(self, now: Any) -> Any:
        """Links that still open: not revoked, not expired."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=now)


class AccessLink(models.Model):
    """A link that opens one thing to one person without an account: what, to whom, until when, and whether it was used.

    Only the digest of its token is kept: the address itself is in the e-mail and nowhere else.
    """

    kind = models.CharField("pour quoi faire", max_length=40)
    object_id = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64, unique=True)
    email = models.EmailField("envoyé à", blank=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="par"
    )
    expires_at = models.DateTimeField("expire le")
    revoked_at = models.DateTimeField("retiré le", null=True, blank=True)
    last_used_at = models.DateTimeField("ouvert le", null=True, blank=True)

    objects = AccessLinkQuerySet.as_manager()

    class Meta:
        verbose_name = "lien sans compte"
        verbose_name_plural = "liens sans compte"
        ordering = ("-created_at", "-pk")
        indexes = [models.Index(fields=["kind", "object_id"], name="access_link_object")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
