#!/usr/bin/env bash
# Checks whether the Airflow component of this container is healthy. It can run every few seconds: unlike
# `airflow jobs check` and `celery inspect ping`, it starts no Python.
set -euo pipefail

ask() { curl --fail --silent --show-error --max-time 8 "$1"; }

# The API server knows the last heartbeat of each component. Its status is always 200, so the body decides.
has_heartbeat() {
  ask "$1/api/v2/monitor/health" | grep --quiet --extended-regexp "\"$2\": *[{]\"status\": *\"healthy\""
}

# A worker is healthy when it serves its logs and holds a connection to the broker (port 6379 is 18EB).
worker() {
  curl --silent --max-time 8 --output /dev/null http://localhost:8793/
  grep --quiet --extended-regexp ':18EB 01 ' /proc/net/tcp /proc/net/tcp6
}

component=${1:-$(tr '\0' '\n' </proc/1/cmdline | grep --max-count=1 --line-regexp \
  --extended-regexp 'api-server|scheduler|dag-processor|triggerer|celery' || true)}

case $component in
  api-server) has_heartbeat http://localhost:8080 metadatabase ;;
  scheduler) ask http://localhost:8974/health >/dev/null ;;
  dag-processor) has_heartbeat http://airflow-apiserver:8080 dag_processor ;;
  triggerer) has_heartbeat http://airflow-apiserver:8080 triggerer ;;
  celery) worker ;;
  *)
    echo "no check for this container's command" >&2
    exit 1
    ;;
esac
