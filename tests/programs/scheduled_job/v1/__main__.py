"""The nightly report: a function that an EventBridge rule starts, with a password it may read.

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

rule = aws.cloudwatch.EventRule("nightly", schedule_expression="cron(0 3 * * ? *)")
aws.cloudwatch.EventTarget(
    "nightly", rule=rule.name, arn=report.arn, input=json.dumps({"recipients": recipients, "days": 1})
)
aws.lambda_.Permission(
    "nightly",
    action="lambda:InvokeFunction",
    function=report.name,
    principal="events.amazonaws.com",
    source_arn=rule.arn,
)

pulumi.export("functionArn", report.arn)
pulumi.export("startedBy", rule.arn)
