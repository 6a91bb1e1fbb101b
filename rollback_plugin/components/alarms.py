"""The alarms that judge a Lambda service, as definitions: no resource is registered here.

Every alarm watches what consumers get through the service's alias, so that moving the alias back clears it:
- function errors by the alias's own metrics: `Invocations` and `Errors` in the namespace AWS/Lambda carry the
  dimensions FunctionName = <function> and Resource = <function>:<alias>
  (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html),
- log lines by a metric filter on the function's log group, which only versions that still get requests write to.

Missing data counts as not breaching: a service without requests is not an unhealthy one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from pulumi_aws import cloudwatch

from rollback_plugin.components.refusal import InvalidArguments

DEFAULT_ERROR_RATE_PERCENT = 5.0
DEFAULT_PERIOD_SECONDS = 60

_HIGH_RESOLUTION_PERIODS_SECONDS = (10, 20, 30)
_DAY_SECONDS = 86_400
_LOG_METRIC_NAMESPACE = "rollback-plugin/logs"


class ErrorRateAlarmArgs(TypedDict):
    """When the share of failed requests rings."""

    threshold_percent: NotRequired[float]
    """The alarm rings above this share of failed requests, in percent. Default 5."""

    period_seconds: NotRequired[int]
    """Length of a period: 10, 20, 30 or a multiple of 60. Default 60: AWS publishes Lambda's metrics once a minute."""

    evaluation_periods: NotRequired[int]
    """How many periods are looked at. Default 1."""

    datapoints_to_alarm: NotRequired[int]
    """How many of those periods must breach. Default: all of them."""


class LogPatternAlarmArgs(TypedDict):
    """When lines in the service's log ring."""

    name: str
    """Names the alarm within the service, for example `errors`."""

    pattern: str
    """A CloudWatch Logs filter pattern, for example `{ $.level = "error" }` or `?ERROR ?FATAL`."""

    threshold_count: NotRequired[int]
    """The alarm rings at this many matching lines in a period. Default 1."""

    period_seconds: NotRequired[int]
    """Length of a period: 10, 20, 30 or a multiple of 60. Default 60: AWS publishes a filter's metric once a minute."""

    evaluation_periods: NotRequired[int]
    """How many periods are looked at. Default 1."""

    datapoints_to_alarm: NotRequired[int]
    """How many of those periods must breach. Default: all of them."""


@dataclass(frozen=True)
class Window:
    """Which data points an alarm looks at, and how many of them must breach."""

    period_seconds: int
    evaluation_periods: int
    datapoints_to_alarm: int


@dataclass(frozen=True)
class LogPatternAlarm:
    """A metric filter, and the alarm on the metric it makes."""

    metric_filter: cloudwatch.LogMetricFilterArgs
    alarm: cloudwatch.MetricAlarmArgs


def window_from(args: Mapping[str, Any], owner: str) -> Window:
    """The window that an alarm's arguments ask for; numbers may arrive as whole floats.

    Limits (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html, Period): 10, 20,
    30 or a multiple of 60; all evaluated periods within one day, or seven where a period is an hour or longer.
    Raises InvalidArguments naming `owner` and the value.
    """
    period_seconds = int(args.get("period_seconds", DEFAULT_PERIOD_SECONDS))
    evaluation_periods = int(args.get("evaluation_periods", 1))
    datapoints_to_alarm = int(args.get("datapoints_to_alarm", evaluation_periods))
    if period_seconds not in _HIGH_RESOLUTION_PERIODS_SECONDS and (period_seconds < 60 or period_seconds % 60):
        raise InvalidArguments(
            f"{owner}: period_seconds is {period_seconds}. CloudWatch takes 10, 20, 30 or a multiple of 60."
        )
    if evaluation_periods < 1:
        raise InvalidArguments(f"{owner}: evaluation_periods is {evaluation_periods}. It must be 1 or more.")
    if not 1 <= datapoints_to_alarm <= evaluation_periods:
        raise InvalidArguments(
            f"{owner}: datapoints_to_alarm is {datapoints_to_alarm}. It must lie between 1 and evaluation_periods,"
            f" which is {evaluation_periods}."
        )
    longest_seconds = _DAY_SECONDS if period_seconds < 3600 else 7 * _DAY_SECONDS
    if period_seconds * evaluation_periods > longest_seconds:
        raise InvalidArguments(
            f"{owner}: {evaluation_periods} periods of {period_seconds} s are more than the {longest_seconds} s that"
            " CloudWatch evaluates. Use fewer or shorter periods."
        )
    return Window(period_seconds, evaluation_periods, datapoints_to_alarm)


def error_rate_alarm(
    args: ErrorRateAlarmArgs, *, function_name: str, alias_name: str, owner: str
) -> cloudwatch.MetricAlarmArgs:
    """The alarm on the share of requests through the alias that ended in a function error, crashes and timeouts too.

    Where nothing was invoked the division has no data point, so nothing breaches.
    Raises InvalidArguments naming `owner`.
    """
    owner = f"{owner}: error_rate_alarm"
    window = window_from(args, owner)
    threshold_percent = float(args.get("threshold_percent", DEFAULT_ERROR_RATE_PERCENT))
    if not 0 <= threshold_percent < 100:
        raise InvalidArguments(
            f"{owner}: threshold_percent is {threshold_percent:g}. It must be 0 or more and less than 100,"
            " since the alarm rings above it."
        )
    return cloudwatch.MetricAlarmArgs(
        alarm_description=f"More than {threshold_percent:g} % of the requests to {function_name}:{alias_name} failed.",
        comparison_operator="GreaterThanThreshold",
        threshold=threshold_percent,
        evaluation_periods=window.evaluation_periods,
        datapoints_to_alarm=window.datapoints_to_alarm,
        treat_missing_data="notBreaching",
        metric_queries=[
            cloudwatch.MetricAlarmMetricQueryArgs(
                id="error_rate", expression="100 * errors / invocations", label="Failed requests (%)", return_data=True
            ),
            *(
                cloudwatch.MetricAlarmMetricQueryArgs(
                    id=metric_name.lower(),
                    metric=cloudwatch.MetricAlarmMetricQueryMetricArgs(
                        namespace="AWS/Lambda",
                        metric_name=metric_name,
                        dimensions={"FunctionName": function_name, "Resource": f"{function_name}:{alias_name}"},
                        period=window.period_seconds,
                        stat="Sum",
                    ),
                )
                for metric_name in ("Errors", "Invocations")
            ),
        ],
    )


def log_pattern_alarm(
    args: LogPatternAlarmArgs, *, function_name: str, log_group_name: str, owner: str
) -> LogPatternAlarm:
    """The alarm on lines of the log group that match a pattern.

    Raises InvalidArguments naming `owner`.
    """
    owner = f'{owner}: log pattern alarm "{args["name"]}"'
    window = window_from(args, owner)
    threshold_count = int(args.get("threshold_count", 1))
    if threshold_count < 1:
        raise InvalidArguments(f"{owner}: threshold_count is {threshold_count}. It must be 1 or more.")
    if not args["pattern"].strip():
        raise InvalidArguments(f"{owner}: pattern is empty, which matches every line. Say which lines are meant.")
    metric_name = f"{function_name}/{args['name']}"
    return LogPatternAlarm(
        metric_filter=cloudwatch.LogMetricFilterArgs(
            log_group_name=log_group_name,
            pattern=args["pattern"],
            metric_transformation=cloudwatch.LogMetricFilterMetricTransformationArgs(
                namespace=_LOG_METRIC_NAMESPACE,
                name=metric_name,
                value="1",
                # Without zeros for the lines that don't match, the last bad period stays the newest data point there
                # is, and the alarm rings on for as long as CloudWatch looks back
                # (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html).
                default_value="0",
            ),
        ),
        alarm=cloudwatch.MetricAlarmArgs(
            alarm_description=f"{threshold_count} or more lines of {log_group_name} matched {args['pattern']}",
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=float(threshold_count),
            evaluation_periods=window.evaluation_periods,
            datapoints_to_alarm=window.datapoints_to_alarm,
            treat_missing_data="notBreaching",
            namespace=_LOG_METRIC_NAMESPACE,
            metric_name=metric_name,
            period=window.period_seconds,
            statistic="Sum",
        ),
    )
