"""The version of this package, which its metadata name as well."""

VERSION = "0.1.0"
