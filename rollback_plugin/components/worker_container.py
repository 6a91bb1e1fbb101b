"""The container that a worker runs in, as ECS takes it."""

import json
from collections.abc import Mapping, Sequence

CONTAINER_NAME = "worker"
LONGEST_STOP_SECONDS = 120
"""How long a worker may take for the round under way; Fargate allows no more
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html, stopTimeout)."""
_SIGN_OF_LIFE = "/tmp/rollback-worker"  # noqa: S108 - the container's own, and nothing is read from it


def worker_container(
    *,
    image: str,
    stacks: Sequence[str],
    environment: Mapping[str, str],
    secrets: Mapping[str, str],
    log_group: str,
    region: str,
    log_format: str = "",
) -> str:
    """The container definitions of a worker's task, as JSON. secrets: ARNs by environment variable. log_format: of the
    command, empty for no log."""
    logging = [f"--log-format={log_format}"] if log_format else []
    container = {
        "name": CONTAINER_NAME,
        "image": image,
        "essential": True,
        "command": ["worker", "--health-file", _SIGN_OF_LIFE, *logging, *(f"--stacks={stack}" for stack in stacks)],
        "environment": [{"name": name, "value": value} for name, value in sorted(environment.items())],
        "secrets": [{"name": name, "valueFrom": arn} for name, arn in sorted(secrets.items())],
        "stopTimeout": LONGEST_STOP_SECONDS,
        # The engine's plugins become children of process 1 when the engine is killed.
        "linuxParameters": {"initProcessEnabled": True},
        "healthCheck": {
            "command": ["CMD-SHELL", f"find {_SIGN_OF_LIFE} -mmin -2 | grep -q ."],
            "interval": 30,
            "timeout": 5,
            "retries": 3,
            "startPeriod": 60,
        },
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": log_group, "awslogs-region": region, "awslogs-stream-prefix": CONTAINER_NAME},
        },
    }
    return json.dumps([container])
