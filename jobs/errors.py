"""Why a job under way has to stop."""

from tunix_site.errors import Conflict, Unavailable


class JobCancelled(Conflict):
    """409: somebody cancelled the job while it ran."""

    default_detail = "The job was cancelled."


class JobLost(Unavailable):
    """503: the job is another process's by now, as this one was not heard of for a lease."""

    default_detail = "The job was taken from the process that ran it. Send it again."


class JobInterrupted(Unavailable):
    """503: the process that runs the job has to end."""

    default_detail = "The process that ran the job was stopped."


Stop = JobCancelled | JobLost | JobInterrupted
STOPS = (JobCancelled, JobLost, JobInterrupted)
