"""Attempts at a prompt: how many are looked at, and how their answers are told apart."""

from django.db.models import BigIntegerField, F, Func

MAX_ATTEMPTS = 10_000  # at one prompt
# Answers may be long: equal ones are counted by this.
HASHED = "hashtextextended(%(expressions)s, 0)"
ANSWER = Func(F("final_answer"), template=HASHED, output_field=BigIntegerField())
