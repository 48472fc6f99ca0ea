"""Errors as a reader sees them, who knows no name of a function."""

from __future__ import annotations

import traceback


def reason_words(reason: Exception) -> str:
    """An error's sentence, without the name of the function that it begins with where one of that name raised it."""
    text = str(reason)
    name, colon, rest = text.partition(": ")
    called = {frame.f_code.co_name for frame, _ in traceback.walk_tb(reason.__traceback__)}
    return rest if colon and name.rpartition(".")[2] in called else text


def reason_sentence(reason: Exception) -> str:
    """The same with a capital letter where a name was left out."""
    text = reason_words(reason)
    return text if text == str(reason) else f"{text[:1].upper()}{text[1:]}"
