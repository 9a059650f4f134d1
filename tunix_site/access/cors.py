"""What a page of another origin may send and read, where CORS_ALLOWED_ORIGINS lets it in at all."""

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
# Headers of requests, in lower case, and of answers, beyond those that every page may use.
SENT = (
    "accept",
    "authorization",
    "content-encoding",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "if-range",
    "prefer",
    "range",
    "x-request-id",
)
READ = (
    "Accept-Ranges",
    "Allow",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Range",
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "Retry-After",
    "WWW-Authenticate",
    "X-Content-Digest",
    "X-Request-ID",
    "X-Row-Count",
    "X-Rows-After",
    "X-Rows-Left-Out",
    "X-Tunix-Version",
)
