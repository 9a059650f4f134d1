from pages.addresses import page
from pages.settings import people_views as people
from pages.settings import views

USER = r"(?P<user>[0-9]{1,9})"
OWN_KEY = r"(?P<key>[0-9]{1,18})"

urlpatterns = [
    page("settings", views.SettingsView, "settings"),
    page("settings/keys", views.KeysView, "settings-keys"),
    page(f"settings/keys/{OWN_KEY}/revoke", views.RevocationView, "settings-key-revoke"),
    page("settings/people", people.PeopleView, "settings-people"),
    page("settings/people/new", people.NewPersonView, "settings-person-new"),
    page(f"settings/people/{USER}", people.PersonView, "settings-person"),
    page(f"settings/people/{USER}/password", people.PasswordView, "settings-person-password"),
]
