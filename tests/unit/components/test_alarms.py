"""The alarms a Lambda service is judged by, as they are defined before anything is registered."""

from typing import Any

import pytest
from pulumi_aws import cloudwatch

from rollback_plugin.components.alarms import (
    ErrorRateAlarmArgs,
    LogPatternAlarmArgs,
    Window,
    error_rate_alarm,
    log_pattern_alarm,
    window_from,
)
from rollback_plugin.errors import InvalidConfiguration


def error_rate(args: ErrorRateAlarmArgs) -> cloudwatch.MetricAlarmArgs:
    return error_rate_alarm(args, function_name="shop", alias_name="live", owner='LambdaService "orders"')


@pytest.mark.parametrize(
    ("args", "window"),
    [
        ({}, Window(60, 1, 1)),
        ({"period_seconds": 10}, Window(10, 1, 1)),
        ({"period_seconds": 20}, Window(20, 1, 1)),
        ({"period_seconds": 30}, Window(30, 1, 1)),
        ({"period_seconds": 300}, Window(300, 1, 1)),
        ({"evaluation_periods": 3}, Window(60, 3, 3)),
        ({"evaluation_periods": 5, "datapoints_to_alarm": 4}, Window(60, 5, 4)),
        ({"period_seconds": 60, "evaluation_periods": 1440}, Window(60, 1440, 1440)),
        ({"period_seconds": 3600, "evaluation_periods": 168}, Window(3600, 168, 168)),
        ({"period_seconds": 120.0, "evaluation_periods": 2.0}, Window(120, 2, 2)),
    ],
)
def test_a_window_is_what_was_asked_for_and_defaults_to_one_minute(args: dict[str, Any], window: Window) -> None:
    assert window_from(args, "the alarm") == window


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ({"period_seconds": 0}, "period_seconds is 0"),
        ({"period_seconds": 15}, "period_seconds is 15"),
        ({"period_seconds": 90}, "period_seconds is 90"),
        ({"period_seconds": -60}, "period_seconds is -60"),
        ({"evaluation_periods": 0}, "evaluation_periods is 0"),
        ({"datapoints_to_alarm": 0}, "datapoints_to_alarm is 0"),
        ({"evaluation_periods": 2, "datapoints_to_alarm": 3}, "datapoints_to_alarm is 3"),
        ({"period_seconds": 60, "evaluation_periods": 1441}, "1441 periods of 60 s"),
        ({"period_seconds": 3600, "evaluation_periods": 169}, "169 periods of 3600 s"),
    ],
)
def test_a_window_that_cloudwatch_would_refuse_is_refused_by_name(args: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidConfiguration, match=f"the alarm: .*{named}"):
        window_from(args, "the alarm")


def test_the_error_rate_is_errors_per_invocation_through_the_alias() -> None:
    queries: Any = error_rate({"period_seconds": 10}).metric_queries

    rate, errors, invocations = queries
    assert (rate.id, rate.expression, rate.return_data) == ("error_rate", "100 * errors / invocations", True)
    for query, metric_name in ((errors, "Errors"), (invocations, "Invocations")):
        assert query.id == metric_name.lower()
        assert not query.return_data
        assert query.metric.namespace == "AWS/Lambda"
        assert query.metric.metric_name == metric_name
        assert query.metric.dimensions == {"FunctionName": "shop", "Resource": "shop:live"}
        assert (query.metric.period, query.metric.stat) == (10, "Sum")


@pytest.mark.parametrize(
    ("args", "threshold_percent"), [({}, 5.0), ({"threshold_percent": 0}, 0.0), ({"threshold_percent": 12.5}, 12.5)]
)
def test_the_error_rate_rings_above_its_threshold_and_not_without_requests(
    args: ErrorRateAlarmArgs, threshold_percent: float
) -> None:
    alarm = error_rate(args)

    assert alarm.threshold == threshold_percent
    assert alarm.comparison_operator == "GreaterThanThreshold"
    assert alarm.treat_missing_data == "notBreaching"


@pytest.mark.parametrize("threshold_percent", [-1, 100, 250])
def test_an_error_rate_that_could_never_or_always_ring_is_refused(threshold_percent: float) -> None:
    with pytest.raises(InvalidConfiguration, match=r'LambdaService "orders": error_rate_alarm: threshold_percent'):
        error_rate({"threshold_percent": threshold_percent})


def log_pattern(args: LogPatternAlarmArgs) -> tuple[Any, Any]:
    definition = log_pattern_alarm(args, function_name="shop", log_group_name="/aws/lambda/shop", owner="orders")
    return definition.metric_filter, definition.alarm


def test_a_log_pattern_alarm_counts_the_lines_its_own_filter_matches() -> None:
    metric_filter, alarm = log_pattern({"name": "errors", "pattern": '{ $.level = "error" }', "threshold_count": 3})

    assert metric_filter.log_group_name == "/aws/lambda/shop"
    assert metric_filter.pattern == '{ $.level = "error" }'
    made = metric_filter.metric_transformation
    assert (made.namespace, made.name, made.value) == (alarm.namespace, alarm.metric_name, "1")
    assert made.default_value == "0", "else the alarm rings on after the last bad period"
    assert (alarm.statistic, alarm.comparison_operator, alarm.threshold) == ("Sum", "GreaterThanOrEqualToThreshold", 3)
    assert (alarm.period, alarm.treat_missing_data) == (60, "notBreaching")


def test_a_log_pattern_alarm_rings_at_one_line_unless_told_otherwise() -> None:
    _, alarm = log_pattern({"name": "errors", "pattern": "ERROR"})

    assert alarm.threshold == 1


def test_metrics_of_two_services_and_two_patterns_are_kept_apart() -> None:
    names = {
        log_pattern_alarm(
            {"name": name, "pattern": "x"}, function_name=function_name, log_group_name="log", owner="o"
        ).alarm.metric_name
        for function_name in ("shop", "shop-2")
        for name in ("errors", "fatal")
    }

    assert len(names) == 4


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ({"name": "errors", "pattern": "x", "threshold_count": 0}, "threshold_count is 0"),
        ({"name": "errors", "pattern": "  "}, "pattern is empty"),
        ({"name": "errors", "pattern": "x", "period_seconds": 45}, "period_seconds is 45"),
    ],
)
def test_a_log_pattern_alarm_that_can_not_work_is_refused_by_name(args: LogPatternAlarmArgs, named: str) -> None:
    with pytest.raises(InvalidConfiguration, match=f'log pattern alarm "errors": {named}'):
        log_pattern(args)
