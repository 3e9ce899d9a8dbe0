# Apache Airflow with pipeline_lib. docker-compose.yaml uses the default; any image of Airflow 3.3 works.
ARG AIRFLOW_IMAGE=apache/airflow:3.3.2-python3.12


# Builds the wheel. Only the installed wheel reaches the final image.
FROM ${AIRFLOW_IMAGE} AS wheel

# The build backend, checked by the hashes of the development lock.
RUN --mount=type=bind,source=deploy/docker/select_requirements.py,target=/tmp/select_requirements.py \
    --mount=type=bind,source=requirements/development.lock,target=/tmp/development.lock \
    python /tmp/select_requirements.py /tmp/development.lock \
      hatchling packaging pathspec pluggy trove-classifiers >/tmp/backend.lock \
 && pip install --quiet --no-cache-dir --disable-pip-version-check --no-deps --require-hashes \
      --target /tmp/backend --requirement /tmp/backend.lock

COPY --chown=airflow:root pyproject.toml README.md /tmp/project/
COPY --chown=airflow:root schemas /tmp/project/schemas
COPY --chown=airflow:root pipeline_lib /tmp/project/pipeline_lib
RUN PYTHONPATH=/tmp/backend pip wheel --quiet --no-cache-dir --disable-pip-version-check --no-deps \
      --no-build-isolation --wheel-dir /tmp/wheel /tmp/project


FROM ${AIRFLOW_IMAGE}

LABEL org.opencontainers.image.title="coin-pipelines" \
      org.opencontainers.image.description="A factory that turns YAML specs into Apache Airflow pipelines for crypto market data" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"

# Dependencies change rarely, so they come before the sources. Packages of the Airflow image keep their versions.
RUN --mount=type=bind,source=deploy/docker/select_requirements.py,target=/tmp/select_requirements.py \
    --mount=type=bind,source=requirements/core.lock,target=/tmp/core.lock \
    python /tmp/select_requirements.py /tmp/core.lock --missing >/tmp/missing.lock \
 && pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes --requirement /tmp/missing.lock \
 && rm /tmp/missing.lock

# Celery 5.7 removed a name that Airflow's provider 3.26 imports: an image with it gets the previous version.
RUN --mount=type=bind,source=deploy/docker/corrections.lock,target=/tmp/corrections.lock \
    python -c 'from celery.backends.database import retry' \
 || pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes --requirement /tmp/corrections.lock

RUN --mount=type=bind,from=wheel,source=/tmp/wheel,target=/tmp/wheel \
    pip install --no-cache-dir --disable-pip-version-check --no-deps /tmp/wheel/*.whl \
 && pip check \
 && coin-pipelines --version

COPY deploy/docker/create_database.py deploy/docker/health.sh deploy/docker/initialize.sh \
     deploy/docker/known_passwords.py deploy/docker/prepare.sh /opt/coin-pipelines/
COPY deploy/docker/config /opt/airflow/config
COPY schemas /opt/airflow/schemas
COPY dag_configs /opt/airflow/dag_configs
COPY dags /opt/airflow/dags

USER airflow

# One check for all components: it detects which one the container runs.
HEALTHCHECK --interval=30s --timeout=10s --start-period=3m --retries=5 \
  CMD ["/bin/bash", "/opt/coin-pipelines/health.sh"]
