#!/bin/sh
# Writes local.settings.json: the settings of the deployed app, for a developer with Azurite.
set -eu

: "${AZURE_RESOURCE_GROUP:?is not set: run azd provision}"
: "${AZURE_FUNCTION_APP_NAME:?is not set: run azd provision}"

umask 077
settings=$(mktemp)
trap 'rm -f "$settings"' EXIT

if ! az functionapp config appsettings list --resource-group "$AZURE_RESOURCE_GROUP" \
  --name "$AZURE_FUNCTION_APP_NAME" --output json >"$settings"; then
  echo "postprovision: the settings of $AZURE_FUNCTION_APP_NAME cannot be read (az login?)" >&2
  exit 1
fi
python3 infra/developer_settings.py --storage local local.settings.json <"$settings"
