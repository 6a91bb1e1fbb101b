# The hosted workers: `rollback worker`, with the Pulumi CLI and its AWS plugin.
#
#     docker build --tag rollback-plugin .
#     docker run --env PULUMI_BACKEND_URL=s3://… --env ROLLBACK_QUEUE_URL=https://… rollback-plugin
#
# `RollbackController` runs it on ECS. Stacks that use other providers: install their plugins in an image of your own that
# starts FROM this one; what is missing is downloaded when it is first needed, in the middle of a rollback.
ARG PYTHON_VERSION=3.13
ARG PULUMI_VERSION=3.259.0

FROM pulumi/pulumi-base:${PULUMI_VERSION} AS engine

FROM python:${PYTHON_VERSION}-slim
# Processes of one worker share what they write, and nothing is written as root.
RUN useradd --create-home --uid 1000 worker \
    && apt-get update \
    && apt-get install --yes --no-install-recommends git ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=engine /pulumi/bin/ /usr/local/bin/

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY rollback_plugin ./rollback_plugin
RUN pip install --no-cache-dir '.[telemetry]'

USER worker
WORKDIR /home/worker
RUN pulumi plugin install resource aws "$(python -c 'from importlib.metadata import version; print(version("pulumi_aws"))')"

ENV PULUMI_SKIP_UPDATE_CHECK=true
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD find /tmp/rollback-worker -mmin -2 | grep -q .
ENTRYPOINT ["rollback"]
CMD ["worker", "--health-file", "/tmp/rollback-worker"]
