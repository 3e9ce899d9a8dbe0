#!/usr/bin/env bash
# Runs once before Airflow's services: refuses settings that contradict each other, migrates both databases
# and creates the first user. Running it again changes nothing, in particular no password that was changed meanwhile.
set -euo pipefail

refuse() {
  echo "refused: $1" >&2
  exit 1
}

executor=$AIRFLOW__CORE__EXECUTOR
if getent hosts redis >/dev/null; then has_redis=yes; else has_redis=no; fi
case $executor-$has_redis in
  *LocalExecutor-yes)
    refuse "the profile celery is on, but tasks would run in the scheduler: set AIRFLOW_EXECUTOR=CeleryExecutor in .env"
    ;;
  CeleryExecutor-no)
    refuse "AIRFLOW_EXECUTOR is CeleryExecutor, but there is no Redis: set COMPOSE_PROFILES=celery in .env"
    ;;
esac

user=${_AIRFLOW_WWW_USER_USERNAME:-admin}
password=${_AIRFLOW_WWW_USER_PASSWORD:-admin}

airflow db migrate
# Without an address of the user's own, the pipelines' database is on the stack's PostgreSQL.
if [[ -z ${DATABASE_URL:-} ]]; then
  python /opt/coin-pipelines/create_database.py /run/coin-pipelines/sql_alchemy_conn "$DATABASE_URL_FILE"
fi
coin-pipelines database upgrade
case ${AIRFLOW_ADDRESS:-127.0.0.1} in
  127.*|localhost|::1|'[::1]') ;;
  *) python /opt/coin-pipelines/known_passwords.py "$user" "$password" ;;
esac
airflow users create --role Admin --username "$user" --password "$password" \
  --firstname Local --lastname Administrator --email admin@example.org
# Every task takes a slot of this pool. Without the variable, the value from the UI stays.
if [[ -n ${AIRFLOW_DEFAULT_POOL_SLOTS:-} ]]; then
  airflow pools set default_pool "$AIRFLOW_DEFAULT_POOL_SLOTS" "All tasks of all pipelines"
fi
