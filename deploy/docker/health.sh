#!/usr/bin/env bash
# Whether the component of Airflow that this container runs is well. Cheap enough for every few seconds: it starts
# no Python, which `airflow jobs check` and `celery inspect ping` do.
set -euo pipefail

ask() { curl --fail --silent --show-error --max-time 8 "$1"; }

# The API server knows when each component last gave a sign of life; its answer is 200 whatever it says.
signs_of_life() {
  ask "$1/api/v2/monitor/health" | grep --quiet --extended-regexp "\"$2\": *[{]\"status\": *\"healthy\""
}

# A worker is well when it serves its logs and holds a connection to the broker (port 6379 is 18EB).
worker() {
  curl --silent --max-time 8 --output /dev/null http://localhost:8793/
  grep --quiet --extended-regexp ':18EB 01 ' /proc/net/tcp /proc/net/tcp6
}

component=${1:-$(tr '\0' '\n' </proc/1/cmdline | grep --max-count=1 --line-regexp \
  --extended-regexp 'api-server|scheduler|dag-processor|triggerer|celery' || true)}

case $component in
  api-server) signs_of_life http://localhost:8080 metadatabase ;;
  scheduler) ask http://localhost:8974/health >/dev/null ;;
  dag-processor) signs_of_life http://airflow-apiserver:8080 dag_processor ;;
  triggerer) signs_of_life http://airflow-apiserver:8080 triggerer ;;
  celery) worker ;;
  *)
    echo "no check for this container's command" >&2
    exit 1
    ;;
esac
