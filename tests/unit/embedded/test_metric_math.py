import pytest

from rollback_plugin.embedded.cloudwatch.metric_math import Series, UnsupportedExpression, evaluate_expression

METRICS: dict[str, Series] = {
    "errors": (1.0, None, 4.0, 0.0),
    "requests": (10.0, 20.0, 0.0, 5.0),
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("errors", (1.0, None, 4.0, 0.0)),
        ("errors + requests", (11.0, None, 4.0, 5.0)),
        ("requests - 1", (9.0, 19.0, -1.0, 4.0)),
        ("-requests", (-10.0, -20.0, -0.0, -5.0)),
        ("100 * errors / requests", (10.0, None, None, 0.0)),  # by zero: no data
        ("1 + 2 * requests", (21.0, 41.0, 1.0, 11.0)),
        ("(1 + 2) * requests", (30.0, 60.0, 0.0, 15.0)),
        ("requests ^ 2", (100.0, 400.0, 0.0, 25.0)),
        ("2 * requests ^ 2", (200.0, 800.0, 0.0, 50.0)),
        ("requests - 1 - 1", (8.0, 18.0, -2.0, 3.0)),
        ("requests * 1.5e1", (150.0, 300.0, 0.0, 75.0)),
        ("requests > 5", (1.0, 1.0, 0.0, 0.0)),
        ("requests >= 5 AND requests < 20", (1.0, 0.0, 0.0, 1.0)),
        ("requests == 0 || requests == 5", (0.0, 0.0, 1.0, 1.0)),
        ("IF(requests > 0, errors / requests, 0)", (0.1, None, 0.0, 0.0)),
        ("IF(requests > 5, requests)", (10.0, 20.0, None, None)),
        ("FILL(errors, 0)", (1.0, 0.0, 4.0, 0.0)),
        ("IF(requests >= 5, FILL(errors, 0) / requests, 0)", (0.1, 0.0, 0.0, 0.0)),
        ("ABS(errors - requests)", (9.0, None, 4.0, 5.0)),
        ("SUM([errors, requests])", (11.0, 20.0, 4.0, 5.0)),
        ("MAX([errors, requests])", (10.0, 20.0, 4.0, 5.0)),
        ("MIN(METRICS())", (1.0, 20.0, 0.0, 0.0)),
        ("AVG([errors, requests])", (5.5, 20.0, 2.0, 2.5)),
        ("requests / SUM(requests)", (10 / 35, 20 / 35, 0.0, 5 / 35)),
        ("requests - MAX(errors)", (6.0, 16.0, -4.0, 1.0)),
    ],
)
def test_the_value_of_an_expression_for_each_period(expression: str, expected: Series) -> None:
    assert evaluate_expression(expression, METRICS, {}) == pytest.approx(expected)


def test_expressions_may_refer_to_others_which_are_not_metrics() -> None:
    others: dict[str, Series] = {"rate": (0.5, 0.5, None, 0.5)}

    assert evaluate_expression("rate * 100", METRICS, others) == (50.0, 50.0, None, 50.0)
    assert evaluate_expression("SUM(METRICS())", METRICS, others) == (11.0, 20.0, 4.0, 5.0)


@pytest.mark.parametrize(
    "expression",
    [
        "5",
        "SUM(requests)",
        "unknown + 1",
        "requests +",
        "(requests",
        "requests requests",
        "ANOMALY_DETECTION_BAND(requests, 2)",
        "SELECT SUM(Errors) FROM x",
        "RATE(requests)",
        "FILL(errors, REPEAT)",
        "IF(requests)",
        "requests % 2",
        "SEARCH('{AWS/Lambda}', 'Sum')",
        "",
    ],
)
def test_what_is_not_imitated_is_refused_by_name(expression: str) -> None:
    with pytest.raises(UnsupportedExpression):
        evaluate_expression(expression, METRICS, {})
