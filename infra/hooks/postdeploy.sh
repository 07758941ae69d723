#!/bin/sh
# Subscribes the app to the blob events of its storage account. This cannot be part of the
# templates: the key of the endpoint exists only once the app's code runs. Harmless to repeat.
set -eu

: "${AZURE_RESOURCE_GROUP:?is not set: run azd provision}"
: "${AZURE_FUNCTION_APP_NAME:?is not set: run azd provision}"
: "${AZURE_FUNCTION_APP_URL:?is not set: run azd provision}"
: "${AZURE_STORAGE_ACCOUNT_ID:?is not set: run azd provision}"
: "${AZURE_EVENTGRID_TOPIC_NAME:?is not set: run azd provision}"

function=document_uploaded
attempts=${HOOK_ATTEMPTS:-12}
wait=${HOOK_WAIT_SECONDS:-10}

umask 077
endpoint=$(mktemp)
trap 'rm -f "$endpoint"' EXIT

attempt=1
while :; do
  key=$(az functionapp keys list --resource-group "$AZURE_RESOURCE_GROUP" \
    --name "$AZURE_FUNCTION_APP_NAME" --query systemKeys.blobs_extension --output tsv) || key=
  [ -n "$key" ] && [ "$key" != None ] && break
  if [ "$attempt" -ge "$attempts" ]; then
    echo "postdeploy: the app has no blobs_extension key after $attempts looks: does it start?" >&2
    exit 1
  fi
  attempt=$((attempt + 1))
  sleep "$wait"
done

# In a file, so that the key is not seen among the processes.
printf '%s/runtime/webhooks/blobs?functionName=Host.Functions.%s&code=%s' \
  "$AZURE_FUNCTION_APP_URL" "$function" "$key" >"$endpoint"

attempt=1
until az eventgrid system-topic event-subscription create \
  --resource-group "$AZURE_RESOURCE_GROUP" \
  --system-topic-name "$AZURE_EVENTGRID_TOPIC_NAME" \
  --name documents \
  --endpoint-type webhook \
  --endpoint "@$endpoint" \
  --included-event-types Microsoft.Storage.BlobCreated \
  --subject-begins-with /blobServices/default/containers/documents/ \
  --advanced-filter data.api StringIn CopyBlob PutBlob PutBlockList FlushWithClose \
  --max-delivery-attempts 30 \
  --event-ttl 1440 \
  --deadletter-identity systemassigned \
  --deadletter-identity-endpoint \
  "$AZURE_STORAGE_ACCOUNT_ID/blobServices/default/containers/deadletters" \
  --output none; do
  if [ "$attempt" -ge "$attempts" ]; then
    echo "postdeploy: no subscription to blob events; until there is one the sweep finds new" \
      "documents every five minutes. Try again with: azd hooks run postdeploy" >&2
    exit 1
  fi
  attempt=$((attempt + 1))
  sleep "$wait"
done
echo "postdeploy: $AZURE_FUNCTION_APP_NAME is told of every file in the container documents"
