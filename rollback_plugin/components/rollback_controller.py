"""The hosted controller: events of an account become hints on a queue, and workers on ECS look at the stacks.

The module's annotations are read at run time to make a Pulumi package of it, so it does without
`from __future__ import annotations`, unions and Literal in its arguments.
"""

import json

import pulumi
import pulumi_aws as aws

from rollback_plugin.components import hint_rules, worker_permissions
from rollback_plugin.components.rollback_controller_args import RollbackControllerArgs, require_usable
from rollback_plugin.components.worker_container import worker_container

DEFAULT_MESSAGES_PER_SCALING = 20
RECEIVES_BEFORE_DEAD_LETTER = 10
"""A message that workers couldn't deal with so often, twenty seconds apart, is kept for people to see."""
_HELD_SECONDS = 60
_HOUR_SECONDS = 3600
_TWO_WEEKS_SECONDS = 14 * 24 * _HOUR_SECONDS


class RollbackController(pulumi.ComponentResource):
    """Workers that roll back and recover the stacks of a backend, woken by alarms, by deploys, and every minute."""

    queue_url: pulumi.Output[str]
    """Where hints wait; a webhook may send `{"stack": "project/stack"}` to it, with the stack as message group."""

    dead_letter_queue_url: pulumi.Output[str]
    """Where messages are that could not be dealt with."""

    dead_letter_alarm_name: pulumi.Output[str]
    """The alarm that rings while there are any."""

    task_definition_arn: pulumi.Output[str]
    """What a worker is run from."""

    worker_role_name: pulumi.Output[str]
    """The workers' role."""

    def __init__(self, name: str, args: RollbackControllerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidArguments, before anything is registered, for arguments that can't be used as they are."""
        require_usable(name, args)
        super().__init__("rollback-plugin:index:RollbackController", name, None, opts)
        self._name = name
        self._args = args
        self._prefix = f"{args['state_prefix'].strip('/')}/" if args.get("state_prefix", "").strip("/") else ""
        self._bucket = pulumi.Output.from_input(args["state_bucket_arn"]).apply(lambda arn: arn.rpartition(":")[2])

        dead, queue = self._queues()
        self._rules(queue)
        alarm = self._dead_letter_alarm(dead)
        role = self._worker_role(queue)
        task = self._task(queue, role)
        self._service(queue, task)

        self.queue_url = queue.url
        self.dead_letter_queue_url = dead.url
        self.dead_letter_alarm_name = alarm.name
        self.task_definition_arn = task.arn
        self.worker_role_name = role.name
        self.register_outputs(
            {
                "queueUrl": self.queue_url,
                "deadLetterQueueUrl": self.dead_letter_queue_url,
                "deadLetterAlarmName": self.dead_letter_alarm_name,
                "taskDefinitionArn": self.task_definition_arn,
                "workerRoleName": self.worker_role_name,
            }
        )

    @property
    def _inside(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _queues(self) -> tuple[aws.sqs.Queue, aws.sqs.Queue]:
        dead = aws.sqs.Queue(
            f"{self._name}-dead-letters",
            fifo_queue=True,
            message_retention_seconds=_TWO_WEEKS_SECONDS,
            opts=self._inside,
        )
        queue = aws.sqs.Queue(
            f"{self._name}-hints",
            fifo_queue=True,
            # EventBridge sends no deduplication ids, and every event has an id of its own in its body
            # (https://docs.aws.amazon.com/scheduler/latest/APIReference/API_SqsParameters.html).
            content_based_deduplication=True,
            deduplication_scope="messageGroup",
            fifo_throughput_limit="perMessageGroupId",
            visibility_timeout_seconds=_HELD_SECONDS,
            # What is older is worth nothing: every minute all stacks are looked at.
            message_retention_seconds=_HOUR_SECONDS,
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": dead.arn, "maxReceiveCount": RECEIVES_BEFORE_DEAD_LETTER}
            ),
            opts=self._inside,
        )
        return dead, queue

    def _rules(self, queue: aws.sqs.Queue) -> None:
        stacks = self._args["stacks"]
        pattern = self._bucket.apply(lambda bucket: hint_rules.checkpoints(bucket, self._prefix, stacks))
        rules = {
            "alarms": aws.cloudwatch.EventRule(
                f"{self._name}-alarms", event_pattern=hint_rules.ALARMS, opts=self._inside
            ),
            "checkpoints": aws.cloudwatch.EventRule(
                f"{self._name}-checkpoints", event_pattern=pattern, opts=self._inside
            ),
            "ticks": aws.cloudwatch.EventRule(
                f"{self._name}-ticks", schedule_expression=hint_rules.EACH_MINUTE, opts=self._inside
            ),
        }
        allowed = aws.sqs.QueuePolicy(
            f"{self._name}-hints",
            queue_url=queue.url,
            policy=pulumi.Output.all(queue.arn, *(rule.arn for rule in rules.values())).apply(
                lambda arns: json.dumps(worker_permissions.queue_policy(arns[0], arns[1:]))
            ),
            opts=self._inside,
        )
        for group, rule in rules.items():
            aws.cloudwatch.EventTarget(
                f"{self._name}-{group}",
                rule=rule.name,
                arn=queue.arn,
                # One group for all of a rule's messages: the workers pass them on into the groups of their stacks.
                sqs_target=aws.cloudwatch.EventTargetSqsTargetArgs(message_group_id=group),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
            )
        if self._args.get("notify_bucket"):
            aws.s3.BucketNotification(f"{self._name}-state", bucket=self._bucket, eventbridge=True, opts=self._inside)

    def _dead_letter_alarm(self, dead: aws.sqs.Queue) -> aws.cloudwatch.MetricAlarm:
        return aws.cloudwatch.MetricAlarm(
            f"{self._name}-dead-letters",
            alarm_description="There are stacks that the rollback workers can't look after: see the dead letters.",
            namespace="AWS/SQS",
            metric_name="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": dead.name},
            statistic="Maximum",
            period=60,
            evaluation_periods=1,
            comparison_operator="GreaterThanThreshold",
            threshold=0.0,
            treat_missing_data="notBreaching",
            alarm_actions=self._args.get("alarm_topic_arns", []),
            opts=self._inside,
        )

    def _worker_role(self, queue: aws.sqs.Queue) -> aws.iam.Role:
        args = self._args
        role = aws.iam.Role(f"{self._name}-worker", assume_role_policy=_assumed_by_tasks(), opts=self._inside)
        policy = pulumi.Output.all(
            bucket_arn=args["state_bucket_arn"],
            queue_arn=queue.arn,
            kms_key_arns=args.get("kms_key_arns", []),
            topic_arns=args.get("notify_topic_arns", []),
        ).apply(
            lambda arns: json.dumps(
                worker_permissions.worker_policy(prefix=self._prefix, stacks=args["stacks"], **arns)
            )
        )
        aws.iam.RolePolicy(f"{self._name}-worker", role=role.id, policy=policy, opts=self._inside)
        for number, arn in enumerate(args.get("worker_policy_arns", [])):
            aws.iam.RolePolicyAttachment(
                f"{self._name}-worker-{number}", role=role.name, policy_arn=arn, opts=self._inside
            )
        return role

    def _task(self, queue: aws.sqs.Queue, role: aws.iam.Role) -> aws.ecs.TaskDefinition:
        args = self._args
        log_group = aws.cloudwatch.LogGroup(
            f"{self._name}-worker", retention_in_days=int(args.get("log_retention_days", 30)), opts=self._inside
        )
        starter = aws.iam.Role(f"{self._name}-start", assume_role_policy=_assumed_by_tasks(), opts=self._inside)
        aws.iam.RolePolicyAttachment(
            f"{self._name}-start",
            role=starter.name,
            policy_arn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
            opts=self._inside,
        )
        secrets = self._secrets()
        if secrets:
            aws.iam.RolePolicy(
                f"{self._name}-start",
                role=starter.id,
                policy=pulumi.Output.all(*secrets.values()).apply(
                    lambda arns: json.dumps(worker_permissions.reading_secrets(arns))
                ),
                opts=self._inside,
            )
        containers = pulumi.Output.all(
            image=args["image"],
            environment=self._environment(queue),
            secrets=secrets,
            log_group=log_group.name,
            region=queue.region,
        ).apply(lambda known: worker_container(stacks=args["stacks"], log_format=args.get("log_format", ""), **known))
        return aws.ecs.TaskDefinition(
            f"{self._name}-worker",
            family=f"{pulumi.get_project()}-{pulumi.get_stack()}-{self._name}-worker",
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(int(args.get("cpu", 1024))),
            memory=str(int(args.get("memory_mb", 2048))),
            task_role_arn=role.arn,
            execution_role_arn=starter.arn,
            container_definitions=containers,
            opts=self._inside,
        )

    def _secrets(self) -> dict[str, pulumi.Input[str]]:
        """ARNs by environment variable."""
        given = {
            "PULUMI_CONFIG_PASSPHRASE": self._args.get("passphrase_secret_arn"),
            "ROLLBACK_NOTIFY_SECRET": self._args.get("notify_secret_arn"),
        }
        return {name: arn for name, arn in given.items() if arn}

    def _environment(self, queue: aws.sqs.Queue) -> dict[str, pulumi.Input[str]]:
        args = self._args
        wanted: dict[str, pulumi.Input[str]] = {}
        if topics := args.get("notify_topic_arns"):
            wanted["ROLLBACK_NOTIFY"] = pulumi.Output.all(*topics).apply(
                lambda arns: " ".join(f"sns:{arn}" for arn in arns)
            )
        if endpoint := args.get("otlp_endpoint"):
            wanted["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint
        return {
            "AWS_REGION": queue.region,
            "PULUMI_BACKEND_URL": pulumi.Output.concat("s3://", self._bucket, f"/{self._prefix}".rstrip("/")),
            "ROLLBACK_QUEUE_URL": queue.url,
            **wanted,
            **args.get("environment", {}),
        }

    def _service(self, queue: aws.sqs.Queue, task: aws.ecs.TaskDefinition) -> None:
        args = self._args
        cluster = aws.ecs.Cluster(f"{self._name}", opts=self._inside)
        minimum = int(args.get("minimum_workers", 1))
        service = aws.ecs.Service(
            f"{self._name}-worker",
            cluster=cluster.arn,
            task_definition=task.arn,
            launch_type="FARGATE",
            desired_count=minimum,
            network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
                subnets=args["subnets"],
                security_groups=args.get("security_groups"),
                assign_public_ip=bool(args.get("assign_public_ip", False)),
            ),
            # How many there are is the scaling's business from then on.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["desiredCount"]),
        )
        scaled = aws.appautoscaling.Target(
            f"{self._name}-worker",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=pulumi.Output.concat("service/", cluster.name, "/", service.name),
            min_capacity=minimum,
            max_capacity=int(args.get("maximum_workers", 10)),
            opts=self._inside,
        )
        # A queue's own depth as the metric to hold
        # (https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html).
        aws.appautoscaling.Policy(
            f"{self._name}-depth",
            policy_type="TargetTrackingScaling",
            service_namespace=scaled.service_namespace,
            scalable_dimension=scaled.scalable_dimension,
            resource_id=scaled.resource_id,
            target_tracking_scaling_policy_configuration={
                "target_value": float(args.get("messages_per_scaling", DEFAULT_MESSAGES_PER_SCALING)),
                "scale_in_cooldown": 300,
                "scale_out_cooldown": 60,
                "customized_metric_specification": {
                    "namespace": "AWS/SQS",
                    "metric_name": "ApproximateNumberOfMessagesVisible",
                    "statistic": "Average",
                    "dimensions": [{"name": "QueueName", "value": queue.name}],
                },
            },
            opts=self._inside,
        )


def _assumed_by_tasks() -> str:
    return json.dumps(worker_permissions.assumed_by("ecs-tasks.amazonaws.com"))
