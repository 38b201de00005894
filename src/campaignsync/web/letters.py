"""Notices as letters in the language of whoever gets them by mail: what happened in a word or two, its account, what to do.

Made by the command line where an installation asks for another language than English (`CAMPAIGNSYNC_MAIL_LANGUAGE`), called by
`store.outlets`, also in processes that serve no pages: it takes words from the catalogue itself and needs no set-up of Django's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.utils import translation

from campaignsync.domain.notices import Notice
from campaignsync.web.problems.advice import advice, heading
from campaignsync.web.wording import in_words_of, translated

Letter = Callable[[Notice], tuple[str, str]]


def letters(language: str) -> Letter:
    """What makes a letter of a notice: its subject and its text."""
    return partial(letter, language)


def letter(language: str, notice: Notice) -> tuple[str, str]:
    """The subject and the text of a letter about a notice."""
    say = partial(translated, language)
    with translation.override("en"):
        what, to_do = str(heading(notice.code)), str(advice(notice.code))
    about = " ".join(f"{notice.connection} {notice.program}".split())
    event = in_words_of(language, notice.event.value)
    subject = f"campaignsync: {say(what)} – {event}" + (f" ({about})" if about else "")
    text = in_words_of(language, notice.message)
    if notice.event.value == "opened":
        text += f"\n\n{say('To do')}: {say(to_do)}"
    return subject, text
