from typing import Any

import factory
from django.contrib.auth.models import User

from datasets.models import Dataset
from datasets.recipe.recipe import Recipe
from datasets.services.build import BuildRequest, build_dataset
from events.tests.acting import acting
from tunix_site.models import Role
from tunix_site.tests.people import give_role


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")


class CuratorFactory(UserFactory):
    class Meta:
        skip_postgeneration_save = True

    @factory.post_generation
    def role(self, create, extracted, **kwargs):
        give_role(self, Role.CURATOR)


class RecipeFactory(factory.Factory):
    class Meta:
        model = Recipe

    limit = None

    @classmethod
    def _create(cls, model_class: type[Recipe], *args: Any, **fields: Any) -> Recipe:
        return model_class.read(fields)


class BuildRequestFactory(factory.Factory):
    """A request for all traces unless recipe keys say otherwise (recipe__limit=2)."""

    class Meta:
        model = BuildRequest

    name = factory.Sequence(lambda n: f"set{n}")
    version = "1"
    recipe = factory.SubFactory(RecipeFactory)


class DatasetFactory(BuildRequestFactory):
    """Builds a dataset of the traces that are there."""

    class Meta:
        model = Dataset

    name = factory.Sequence(lambda n: f"dataset{n}")  # never the name of a request yet to be built

    @classmethod
    def _create(cls, model_class: type[Dataset], *args: Any, **fields: Any) -> Dataset:
        dataset, _ = build_dataset(request=BuildRequest(**fields), by=acting(UserFactory()))
        return dataset


class SplitDatasetFactory(DatasetFactory):
    recipe__seed = 7
    recipe__splits = {"train": 0.5, "validation": 0.5}
