"""Django's settings. Every variable read here is listed in docs/settings.md and .env.example."""

import os
import sys
from pathlib import Path

import dj_database_url
import dotenv
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from tunix_site import __version__, env
from tunix_site.access import cors
from tunix_site.postgres.cluster import embedded_settings
from tunix_site.serving.secret_key import secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
dotenv.load_dotenv(BASE_DIR / ".env")  # the environment wins over the file

# Where the program keeps what it makes: the embedded database, the secret key, the demo's report.
VAR_DIR = (BASE_DIR / env.text("TUNIX_VAR", "var")).resolve()

DATABASE_URL = env.secret("DATABASE_URL")
EMBEDDED_POSTGRES = not DATABASE_URL

DEBUG = env.flag("DEBUG")
SECRET_KEY = secret_key(given=env.secret("SECRET_KEY"), embedded=EMBEDDED_POSTGRES, var_dir=VAR_DIR)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
HOST = env.text("HOST", "127.0.0.1")  # the address that `serve` binds
PORT = env.integer("PORT", 8000)
WEB_PROCESSES = env.integer("TUNIX_WEB_PROCESSES", 1)
WEB_THREADS = env.integer("TUNIX_WEB_THREADS", 8)
CLIENT_SECONDS = env.integer("TUNIX_CLIENT_SECONDS", 10)  # for a head; for more of a body
MAX_HELD_BYTES = env.integer("TUNIX_MAX_HELD_BYTES", 64 * 1024**2)  # outside of threads

# Several web processes count together, in files; the library reads the variable when imported.
METRICS_DIR = VAR_DIR / "metrics" if WEB_PROCESSES > 1 else None
if METRICS_DIR:
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(METRICS_DIR))

# Limits of what comes in, in bytes of decompressed body and in traces.
MAX_TRACE_BYTES = env.integer("TUNIX_MAX_TRACE_BYTES", 1024**2)
MAX_BATCH_BYTES = env.integer("TUNIX_MAX_BATCH_BYTES", 64 * 1024**2)
MAX_BATCH_TRACES = env.integer("TUNIX_MAX_BATCH_TRACES", 1000)
MAX_RECORD_BYTES = env.integer("TUNIX_MAX_RECORD_BYTES", 16 * 1024**2)  # of an import's file
MAX_SPOOL_BYTES = env.integer("TUNIX_MAX_SPOOL_BYTES", 4 * 1024**3)  # of Parquet sent over HTTP
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_TRACE_BYTES  # forms of the admin

# Exports that are kept as files, to be read from any byte on.
EXPORTS_DIR = VAR_DIR / "exports"
MAX_EXPORT_BYTES = env.integer("TUNIX_MAX_EXPORT_BYTES", 8 * 1024**3, minimum=0)

# Files that were sent to the page of imports, until they are imported; workers read them.
UPLOADS_DIR = VAR_DIR / "uploads"
MAX_UPLOADS_BYTES = env.integer("TUNIX_MAX_UPLOADS_BYTES", 8 * 1024**3)

# Tokenizer files that an administrator gave; nothing is downloaded.
TOKENIZERS_DIR = env.folder("TUNIX_TOKENIZERS", below=BASE_DIR)

# Work that takes longer than an answer: jobs in queues, and the indexes behind ingest.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}  # any queue
RUN_WORKERS = env.flag("TUNIX_WORKERS", default=True)
JOB_LEASE_SECONDS = env.integer("TUNIX_JOB_LEASE_SECONDS", 30)
JOBS_KEPT_DAYS = env.integer("TUNIX_JOBS_KEPT_DAYS", 30)

INSTALLED_APPS = [
    "tunix_site",  # before those whose commands and templates it extends
    "unfold.apps.BasicAppConfig",  # without its own admin site: ours extends it
    "unfold.contrib.filters",
    "tunix_site.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_tasks",
    "django_tasks_db",
    "events",
    "jobs",
    "traces",
    "evalsets",
    "datasets",
    "training",
    "pages",
]

MIDDLEWARE = [
    "tunix_site.serving.middleware.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tunix_site.serving.middleware.FormMiddleware",
    "tunix_site.access.browsers.SessionMiddleware",
    "tunix_site.serving.hosts.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "tunix_site.access.browsers.AuthenticationMiddleware",
    "tunix_site.access.browsers.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tunix_site.serving.middleware.RefusalMiddleware",
]

# Pages of other origins that may use the API: with a key, never with a session's cookie.
CORS_ALLOWED_ORIGINS = env.origins("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/api(/|$)"
CORS_ALLOW_METHODS = cors.METHODS
CORS_ALLOW_HEADERS = cors.SENT
CORS_EXPOSE_HEADERS = cors.READ
if CORS_ALLOWED_ORIGINS:
    INSTALLED_APPS.append("corsheaders")
    MIDDLEWARE.insert(1, "corsheaders.middleware.CorsMiddleware")  # above all that may answer

ROOT_URLCONF = "tunix_site.urls"
WSGI_APPLICATION = "tunix_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def _database() -> dict[str, object]:
    if EMBEDDED_POSTGRES:
        return embedded_settings(VAR_DIR)
    try:
        database = dict(dj_database_url.parse(DATABASE_URL))
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}") from None
    if database["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured(
            "DATABASE_URL must name a PostgreSQL database (postgresql://...)."
        )
    return database


# A connection belongs to its thread and outlives the request; a dead one is replaced.
DATABASES = {"default": {**_database(), "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["tunix_site.access.passwords.PasswordBackend"]
PASSWORD_HASHERS = ["tunix_site.access.passwords.BoundedHasher"]
LOGIN_URL = "/api-auth/login/"
LOGIN_REDIRECT_URL = "/api/"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # nothing to collect: assets come from the installed packages
WHITENOISE_AUTOREFRESH = False

# Cookies over HTTPS alone, redirects to it, HSTS: on where the site is served over TLS.
HTTPS = env.flag("TUNIX_HTTPS")
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^api/health/?$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # browsers' preload lists are for the owner to ask for
SESSION_ENGINE = "tunix_site.access.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if env.flag("TUNIX_BEHIND_PROXY"):  # the proxy sets the header itself, whatever the client sent
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES = env.networks("TUNIX_TRUSTED_PROXIES")  # whose X-Forwarded-For counts
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tunix_site.access.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tunix_site.access.roles.HasRole"],
    "DEFAULT_PARSER_CLASSES": ["tunix_site.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": [
        "tunix_site.api.renderers.JSONRenderer",
        "pages.browsable.renderer.BrowsableAPI",
    ],
    "DEFAULT_PAGINATION_CLASS": "tunix_site.api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "tunix_site.api.openapi.schema.AutoSchema",
    "EXCEPTION_HANDLER": "tunix_site.api.error_responses.exception_handler",
    "URL_FORMAT_OVERRIDE": None,  # `format` is the export's own parameter
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Tunix RT",
    "DESCRIPTION": "Reasoning traces in, curated datasets out.",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "PREPROCESSING_HOOKS": ["tunix_site.api.openapi.hooks.without_trailing_slash"],
    "POSTPROCESSING_HOOKS": [
        "tunix_site.api.openapi.hooks.name_enums",
        "tunix_site.api.openapi.hooks.close_bodies",
        "tunix_site.api.openapi.hooks.share_errors",
        "tunix_site.api.openapi.hooks.describe_apps",
    ],
}


UNFOLD = {
    "SITE_TITLE": "Tunix RT",
    "SITE_HEADER": "Tunix RT",
    "SITE_SYMBOL": "account_tree",
    "SITE_URL": "/api/",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("tunix_site/icon.svg"),
        }
    ],
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [lambda request: static("tunix_site/admin.css")],
    "SCRIPTS": [
        lambda request: static("tunix_site/admin.js"),
        lambda request: static("pages/shared/forms.js"),
        # the admin's own button logs out as those of our pages do
        lambda request: static("pages/shared/leaving.js"),
    ],
    "SIDEBAR": {
        "navigation": "tunix_site.admin_base.menu.navigation",
    },
}

# For people on a terminal, for programs anywhere else, unless TUNIX_LOG says so.
LOG_FORM = env.choice("TUNIX_LOG", "auto", ("auto", "json", "text"))
if LOG_FORM == "auto":
    LOG_FORM = "text" if sys.stderr.isatty() else "json"
COLOUR = sys.stderr.isatty() and "NO_COLOR" not in os.environ
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "tunix_site.logs.JsonFormatter",
            "format": "{asctime}{levelname}{name}{message}{request_id}",
            "style": "{",
        },
        "text": {"()": "tunix_site.logs.TextFormatter", "colour": COLOUR},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORM,
        }
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # tunix_site.serving.hosts says it
        "django.request": {"level": "ERROR"},  # refusals are in our own line for the request
        "django.server": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        "httpx": {"level": "WARNING"},
        # queries hold what people sent
        "django.db.backends": {"level": "INFO"},
    },
}
