#!/bin/sh
# Asks every deployed model one question, as whoever deploys, and lets `raft doctor` look at the
# settings of the deployed app. New roles take minutes to be known everywhere: it asks again.
set -eu

: "${AZURE_RESOURCE_GROUP:?is not set: run azd provision}"
: "${AZURE_FUNCTION_APP_NAME:?is not set: run azd provision}"
: "${AZURE_OPENAI_ENDPOINT:?is not set: run azd provision}"

attempts=${HOOK_ATTEMPTS:-12}
wait=${HOOK_WAIT_SECONDS:-10}
failed=

if [ "${VNET_ENABLED:-false}" = true ]; then
  echo "smoke: models and storage are private and cannot be asked from here; ask from inside the" \
    "network, or look at a first run"
  exit 0
fi

ask() {
  if [ "$1" = embedding ]; then
    path=embeddings
    body='{"model": "embedding", "input": "ready?"}'
  else
    path=chat/completions
    body='{"model": "'$1'", "messages": [{"role": "user", "content": "Answer with: ready"}],
      "max_completion_tokens": 16}'
  fi
  az rest --method post --resource https://cognitiveservices.azure.com \
    --url "$AZURE_OPENAI_ENDPOINT/openai/v1/$path" \
    --headers Content-Type=application/json --body "$body" --output none
}

for deployment in ${AZURE_OPENAI_DEPLOYMENTS:-}; do
  attempt=1
  until ask "$deployment"; do
    if [ "$attempt" -ge "$attempts" ]; then
      failed="$failed $deployment"
      break
    fi
    attempt=$((attempt + 1))
    sleep "$wait"
  done
done
if [ -n "$failed" ]; then
  echo "smoke: no answer from:$failed" >&2
  exit 1
fi
echo "smoke: every model answers: ${AZURE_OPENAI_DEPLOYMENTS:-none deployed}"

if [ ! -x .venv/bin/python ]; then
  echo "smoke: without .venv no doctor; after 'make run' once: azd hooks run postdeploy"
  exit 0
fi
umask 077
settings=$(mktemp)
doctor=$(mktemp)
trap 'rm -f "$settings" "$doctor"' EXIT
az functionapp config appsettings list --resource-group "$AZURE_RESOURCE_GROUP" \
  --name "$AZURE_FUNCTION_APP_NAME" --output json >"$settings"
.venv/bin/python infra/developer_settings.py --storage azure "$doctor" <"$settings"
.venv/bin/python cli.py doctor --settings "$doctor"
