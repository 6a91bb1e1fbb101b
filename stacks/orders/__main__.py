"""The orders service, release 1.

Stack config:
    orders:inventoryUrl         where the inventory service answers GET /stock/<sku>; required
    orders:bakeSeconds          how long after a deploy an alarm counts against it; default 600
    orders:verifySeconds        how long the alarms may take to clear after a rollback; default 180
    orders:minimumRequests      fewer requests than this since a deploy make an alarm inconclusive; default 20
    orders:automaticRollback    whether a rollback needs no person's yes; default true
    orders:alarmPeriodSeconds   length of the alarms' periods; default 60, as often as AWS publishes the metrics
"""

import pulumi
import pulumi_aws as aws

from rollback_plugin import LambdaService

RELEASE = "1"

config = pulumi.Config()
alarm_period_seconds = config.get_int("alarmPeriodSeconds", 60)

orders = LambdaService(
    "orders",
    {
        "code": pulumi.FileArchive("app"),
        "handler": "handler.handle",
        "environment": {
            "RELEASE": RELEASE,
            "INVENTORY_URL": config.require("inventoryUrl"),
        },
        "timeout_seconds": 3,
        "url_authorization": "NONE",
        "error_rate_alarm": {"threshold_percent": 5, "period_seconds": alarm_period_seconds},
        "log_pattern_alarms": [
            {
                "name": "errors",
                "pattern": '{ $.level = "error" }',
                "threshold_count": 3,
                "period_seconds": alarm_period_seconds,
            }
        ],
        "policy": {
            "bake_seconds": config.get_int("bakeSeconds", 600),
            "verify_seconds": config.get_int("verifySeconds", 180),
            "minimum_requests": config.get_int("minimumRequests", 20),
            "automatic_rollback": config.get_bool("automaticRollback", True),
        },
    },
)

# Read by the people who keep the price list, not by the service.
aws.ssm.Parameter("orders-price-list", type=aws.ssm.ParameterType.STRING, value="2026-11")

pulumi.export("url", orders.url)
pulumi.export("aliasArn", orders.alias_arn)
pulumi.export("functionName", orders.function_name)
pulumi.export("functionVersion", orders.function_version)
pulumi.export("alarmNames", orders.alarm_names)
