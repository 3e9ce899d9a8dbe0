#!/usr/bin/env bash
# Runs once before Airflow's services: brings the database to this version and makes the first user. Running it
# again changes nothing, a password that was changed meanwhile least of all.
set -euo pipefail

airflow db migrate
airflow users create --role Admin \
  --username "${_AIRFLOW_WWW_USER_USERNAME:-admin}" --password "${_AIRFLOW_WWW_USER_PASSWORD:-admin}" \
  --firstname Local --lastname Administrator --email admin@example.org
