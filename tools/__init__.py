"""What ``make`` runs: standard library only, until a venv is there."""
