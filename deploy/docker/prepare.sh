#!/usr/bin/env bash
# Runs once before everything else, as root: creates the secrets that are not set, and makes the user that Airflow
# runs as the owner of the folders that tasks write to. Running it again changes nothing.
set -euo pipefail
umask 0027

readonly secrets=/run/coin-pipelines
readonly owner="${AIRFLOW_UID:-50000}"

# A value is written once: data that was encrypted or created with it needs it for ever.
keep() {
  local file=$secrets/$1 value=$2
  [ ! -s "$file" ] || return 0
  printf '%s' "$value" >"$file.new"
  mv "$file.new" "$file"
  echo "made $1"
}

random_hex() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
# A Fernet key is 32 bytes in URL-safe base 64.
random_fernet_key() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'; }
url_encoded() { python -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], safe=""), end="")' "$1"; }

keep fernet_key "$(random_fernet_key)"
keep jwt_secret "$(random_hex)"
keep api_secret_key "$(random_hex)"
keep postgres_password "${POSTGRES_PASSWORD:-$(random_hex)}"
keep sql_alchemy_conn \
  "postgresql+psycopg2://airflow:$(url_encoded "$(cat $secrets/postgres_password)")@postgres:5432/airflow"
keep coin_pipelines_password "$(random_hex)"
keep database_url \
  "postgresql://coin_pipelines:$(cat $secrets/coin_pipelines_password)@postgres:5432/coin_pipelines"
keep redis_password "$(random_hex)"
keep celery_broker_url "redis://:$(cat $secrets/redis_password)@redis:6379/0"
# Readable by the group that Airflow runs in, whatever its user id.
chown -R 0:0 $secrets
chmod 0750 $secrets
chmod 0440 $secrets/*

# The version before kept bitcoin's snapshots in archive/ itself, where no command outside the stack looks for them.
archive=/opt/airflow/data/archive
if [ -d "$archive" ]; then
  mkdir -p "$archive/bitcoin"
  find "$archive" -maxdepth 1 -type f \( -name '[0-9]*T[0-9]*Z*.json' -o -name '[0-9]*T[0-9]*Z*.csv' -o -name 'keeper*' \) \
    -exec mv --no-clobber --target-directory="$archive/bitcoin" {} +
fi

for folder in /opt/airflow/data /opt/airflow/logs; do
  find "$folder" \( ! -user "$owner" -o ! -group 0 \) -exec chown --no-dereference "$owner:0" {} +
done

if [ -e /home/airflow/.aws/credentials ] && ! setpriv --reuid="$owner" --regid=0 --clear-groups \
  test -r /home/airflow/.aws/credentials; then
  echo "user $owner can't read the mounted .aws/credentials: set AIRFLOW_UID to the number of its owner" >&2
fi
