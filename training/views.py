"""The routes of what runs in the training environment."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.examples import QUEUED
from jobs.api.responses import LOCATION, accepted
from jobs.api.serializers import JobSerializer
from training.serializers import GenerateSerializer
from training.services import start_generating
from tunix_site.api.views import ApiView
from tunix_site.models import Role


class GenerateEvalSetView(ApiView):
    """An evaluation set of generated problems."""

    roles: ClassVar = {"post": Role.CURATOR}
    examples: ClassVar = {
        "post": {
            "request": {
                "name": "chains",
                "version": "1",
                "family": "chain_sum",
                "config": {"min_terms": 3, "max_terms": 5},
                "size": 100,
                "seed": 7,
            },
            202: {**QUEUED, "kind": "generate"},
        }
    }

    @extend_schema(
        operation_id="generate_evalset",
        request=GenerateSerializer,
        parameters=[LOCATION],
        responses={202: JobSerializer},
    )
    def post(self, request: Request) -> Response:
        """Generate an evaluation set; the work is a job, whose result has key and digest.

        503 where the training environment is missing on the server.
        """
        return accepted(start_generating(body=request.data, by=self.actor))
