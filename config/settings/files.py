"""The private storage of uploads and generated files."""

from config.settings.env import VAR_DIR, secret

FILES_DIR = VAR_DIR / "files"
# Fernet keys, newest first, separated by commas; `rotate_files` re-encrypts with the first.
FILES_KEYS = secret("FILES_KEYS", "bWFpbGxvbi1lbWJlZGRlZC1tb2RlLW9ubHkta2V5LTA=").split(",")
