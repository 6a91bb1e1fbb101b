"""The reports: a function that EventBridge Scheduler starts, in local time, with a password it may read.

Stack config: report:recipients (a list), report:mailPassword (secret)
"""

import json

import pulumi
import pulumi_aws as aws
from pulumi import ResourceOptions

config = pulumi.Config()
recipients: list[str] = config.require_object("recipients")


def trust(service: str) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
        }
    )


mail = aws.secretsmanager.Secret("mail", description="The mail server's password", recovery_window_in_days=7)
mail_password = aws.secretsmanager.SecretVersion(
    "mail",
    secret_id=mail.id,
    secret_string=pulumi.Output.json_dumps({"user": "report", "password": config.require_secret("mailPassword")}),
)

role = aws.iam.Role("report", assume_role_policy=trust("lambda.amazonaws.com"))
aws.iam.RolePolicy(
    "report-reads-password",
    role=role.name,
    policy=mail.arn.apply(
        lambda arn: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}],
            }
        )
    ),
)
report = aws.lambda_.Function(
    "report",
    role=role.arn,
    runtime="python3.12",
    handler="report.handle",
    timeout=300,
    code=pulumi.FileArchive("./job"),
    environment={"variables": {"MAIL_SECRET": mail.arn}},
    opts=ResourceOptions(depends_on=[mail_password]),
)

group = aws.scheduler.ScheduleGroup("reports")
starter = aws.iam.Role("starter", assume_role_policy=trust("scheduler.amazonaws.com"))
may_start = aws.iam.RolePolicy(
    "starter-starts-report",
    role=starter.name,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": [report.arn]}],
        }
    ),
)
SCHEDULES = {"nightly": ("cron(0 3 * * ? *)", 1), "monthly": ("cron(0 4 1 * ? *)", 31)}
schedules = [
    aws.scheduler.Schedule(
        name,
        group_name=group.name,
        schedule_expression=expression,
        schedule_expression_timezone="Europe/Berlin",
        flexible_time_window={"mode": "FLEXIBLE", "maximum_window_in_minutes": 15},
        target={
            "arn": report.arn,
            "role_arn": starter.arn,
            "input": json.dumps({"recipients": recipients, "days": days}),
            "retry_policy": {"maximum_retry_attempts": 2},
        },
        opts=ResourceOptions(depends_on=[may_start]),
    )
    for name, (expression, days) in SCHEDULES.items()
]

pulumi.export("functionArn", report.arn)
pulumi.export("startedBy", [schedule.arn for schedule in schedules])
