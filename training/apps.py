from tunix_site import apps


class TrainingConfig(apps.SiteApp):
    name = "training"
