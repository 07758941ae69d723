#!/bin/sh
# Looks whether the region chosen has every model chosen, before anything is made.
set -eu

python=.venv/bin/python
[ -x "$python" ] || python=python3
if ! "$python" -c 'import yaml' 2>/dev/null; then
  echo "preprovision: without PyYAML (or 'make run' once) models and region are not compared" >&2
  exit 0
fi
if ! "$python" infra/choose_models.py --check; then
  echo "preprovision: choose others with: $python infra/choose_models.py" >&2
  exit 1
fi
