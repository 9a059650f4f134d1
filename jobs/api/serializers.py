"""Jobs as they are shown, and what their list is asked."""

from rest_framework import serializers

from jobs.models import MAX_KIND_CHARS, Job, State
from tunix_site.api.fields import ChoiceTextField, QuerySerializer, TextField
from tunix_site.api.pagination import PageQuery


class JobRowSerializer(serializers.ModelSerializer[Job]):
    total = serializers.IntegerField(allow_null=True, help_text="Null while it is not known.")
    error = serializers.SerializerMethodField(help_text="Why it failed.")

    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "state",
            "done",
            "total",
            "created_at",
            "started_at",
            "finished_at",
            "error",
        ]
        read_only_fields = fields

    def get_error(self, job: Job) -> str | None:
        return job.error or None


class JobSerializer(JobRowSerializer):
    result = serializers.DictField(allow_null=True, help_text="What came of it, by kind.")

    class Meta(JobRowSerializer.Meta):
        fields = [*JobRowSerializer.Meta.fields[:-1], "result", "error"]
        read_only_fields = fields


class JobFilters(QuerySerializer):
    kind = TextField(required=False, max_length=MAX_KIND_CHARS)
    state = ChoiceTextField(choices=State.choices, required=False)


class JobQuery(PageQuery, JobFilters):
    """The parameters of the list."""
