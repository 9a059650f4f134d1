"""What the embedded server's parts are called."""

ROLE = "tunix"
DATABASE = "tunix"
SUPERUSER = "postgres"
PORT = 5432  # names the socket's file; nothing listens on it
