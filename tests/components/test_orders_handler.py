"""The code of the four releases of orders, called as Lambda calls it, with a real inventory service on loopback."""

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.components.inventory import Inventory, served_inventory

pytestmark = pytest.mark.embedded

STACKS = Path(__file__).parents[2] / "stacks"
CODE = {
    "1": STACKS / "orders/app/handler.py",
    **{release: STACKS / f"releases/release_{release}/app/handler.py" for release in ("2", "3", "4")},
}
RATES_OF_RELEASE_2 = {"EUR": 1.0, "USD": 1.09}
RATES = {**RATES_OF_RELEASE_2, "GBP": 0.86}


@pytest.fixture
def inventory() -> Iterator[Inventory]:
    """An inventory service for each test, since some make it fail."""
    with served_inventory() as served:
        yield served


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, inventory: Inventory) -> Any:
    """Load a release's handler as a new Lambda environment would."""

    def loaded(release: str) -> dict[str, Any]:
        monkeypatch.setenv("RELEASE", release)
        monkeypatch.setenv("INVENTORY_URL", inventory.url)
        monkeypatch.setenv("EXCHANGE_RATES", json.dumps(RATES_OF_RELEASE_2 if release == "2" else RATES))
        return runpy.run_path(str(CODE[release]))

    return loaded


def request(**query: str) -> dict[str, Any]:
    return {"version": "2.0", "queryStringParameters": query}


@pytest.mark.parametrize("release", CODE)
@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_every_release_prices_an_order_and_names_itself(
    load: Any, inventory: Inventory, release: str, currency: str
) -> None:
    answer = load(release)["handle"](request(sku="lamp", quantity="2", currency=currency), None)

    body = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert (body["release"], body["sku"], body["quantity"], body["currency"]) == (release, "lamp", 2, currency)
    assert inventory.asked == ["/stock/lamp"]


@pytest.mark.parametrize("release", ["1", "3", "4"])
def test_orders_in_pounds_work_but_in_release_2(load: Any, release: str) -> None:
    answer = load(release)["handle"](request(sku="lamp", currency="GBP"), None)

    assert json.loads(answer["body"])["total"] == pytest.approx(42.14)


def test_release_2_fails_for_orders_in_pounds_and_logs_which_error(load: Any, capsys: Any) -> None:
    with pytest.raises(KeyError, match="GBP"):
        load("2")["handle"](request(sku="lamp", currency="GBP"), None)

    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["release"], line["error"]) == ("error", "2", "KeyError")


def test_only_release_4_says_how_long_the_delivery_takes(load: Any) -> None:
    bodies = {release: json.loads(load(release)["handle"](request(sku="desk"), None)["body"]) for release in CODE}

    assert [release for release, body in bodies.items() if "deliveryDays" in body] == ["4"]


@pytest.mark.parametrize("release", CODE)
@pytest.mark.parametrize(("status", "body"), [(503, ""), (200, "not JSON"), (200, "{}")])
def test_every_release_says_that_the_inventory_is_the_problem(
    load: Any, inventory: Inventory, capsys: Any, release: str, status: int, body: str
) -> None:
    inventory.answer(status, body)
    handler = load(release)

    with pytest.raises(handler["InventoryUnavailable"]):
        handler["handle"](request(sku="lamp"), None)

    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["error"]) == ("error", "InventoryUnavailable")


def test_an_inventory_that_can_not_be_reached_is_the_problem_too(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = load("1")
    monkeypatch.setitem(handler["available"].__globals__, "INVENTORY_URL", "http://127.0.0.1:1")

    with pytest.raises(handler["InventoryUnavailable"]):
        handler["handle"](request(sku="lamp"), None)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"sku": "sofa"}, 400),
        ({"sku": "lamp", "currency": "XXX"}, 400),
        ({"sku": "lamp", "quantity": "many"}, 400),
        ({"sku": "lamp", "quantity": "11"}, 409),
    ],
)
@pytest.mark.parametrize("release", CODE)
def test_what_can_not_be_ordered_is_the_callers_error_and_not_the_services(
    load: Any, release: str, query: dict[str, str], status: int
) -> None:
    answer = load(release)["handle"](request(**query), None)

    assert answer["statusCode"] == status
    assert json.loads(answer["body"])["release"] == release
