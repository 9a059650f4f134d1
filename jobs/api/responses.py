"""The response 202: a job in place of its outcome, for the views that start jobs."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from jobs.api.serializers import JobSerializer
from jobs.models import Job

# For the `parameters` of a route that answers with a job, and of one that does so when asked; add
# `202: JobSerializer`.
LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, description="The job's route.", response=[202]
)
PREFER = [
    OpenApiParameter(
        "Prefer",
        str,
        OpenApiParameter.HEADER,
        description="`respond-async`: answer 202 with a job at once.",
    ),
    LOCATION,
]


def wants_job(request: Request) -> bool:
    """Tell whether the client asked for a job (RFC 7240); other preferences are ignored."""
    preferences = request.headers.get("Prefer", "").split(",")
    names = [preference.partition(";")[0].strip().lower() for preference in preferences]
    return "respond-async" in names


def accepted(job: Job) -> Response:
    """Say that the job was taken on."""
    return Response(
        JobSerializer(job).data,
        status=status.HTTP_202_ACCEPTED,
        headers={"Location": reverse("job-detail", args=[job.pk])},
    )
