"""The route that makes an evaluation set of a dataset: below it, nobody knows datasets."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from datasets.held_out.serializers import FromDatasetSerializer, MadeOfDatasetSerializer
from datasets.services.hold_out import hold_out
from evalsets.examples import CREATED
from tunix_site.api.views import ApiView
from tunix_site.models import Role

MADE: dict[str, Any] = {**CREATED, "key": "held-out-sums-2", "left_out": {"no_reference": 2}}


class EvalSetFromDatasetView(ApiView):
    """An evaluation set of what a dataset holds out."""

    roles: ClassVar = {"post": Role.CURATOR}
    examples: ClassVar = {
        "post": {
            "request": {
                "name": "held-out-sums",
                "version": "2",
                "key": "sums-1",
                "split": "validation",
            },
            201: MADE,
            200: MADE,
        }
    }

    @extend_schema(
        operation_id="create_evalset_from_dataset",
        request=FromDatasetSerializer,
        responses={201: MadeOfDatasetSerializer, 200: MadeOfDatasetSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make an evaluation set of a dataset's split; 200 with the stored one when it is there.

        Each prompt is an item, its answer the reference (`meta.reference_answer`) of its traces;
        prompts without one, with several, or with one that is too long, are left out and counted.
        """
        serializer = FromDatasetSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        evalset, left_out, created = hold_out(**serializer.validated_data, by=self.actor)
        answer = MadeOfDatasetSerializer(evalset, context={"left_out": left_out})
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(answer.data, status=code)
