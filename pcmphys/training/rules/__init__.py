"""Rules that train: what becomes of an update on one array, or on several with a transfer between them. One a file."""
