"""What previews say of outputs, and which inputs a refreshed or imported state is recorded with."""

from rollback_plugin.embedded.provider.check import Naming, check
from rollback_plugin.embedded.provider.configuration import Configuration
from rollback_plugin.embedded.provider.diff import compare
from rollback_plugin.embedded.provider.plan import (
    extracted_inputs,
    planned_creation,
    planned_update,
    with_secrets,
    with_unreadable,
)
from rollback_plugin.embedded.provider.services import find_resource_type
from rollback_plugin.embedded.provider.values import UNKNOWN, Archive, Properties, Secret, without_internal_keys

FUNCTION = find_resource_type("aws:lambda/function:Function")
QUEUE = find_resource_type("aws:sqs/queue:Queue")
PARAMETER = find_resource_type("aws:ssm/parameter:Parameter")
A_FUNCTION: Properties = {
    "role": "arn:aws:iam::1:role/r",
    "handler": "a.b",
    "runtime": "python3.11",
    "code": Archive(hash="c0de", path="app"),
    "publish": True,
}
COMPUTED: Properties = {
    "arn": "arn:aws:lambda:eu-west-1:1:function:f",
    "version": "3",
    "qualifiedArn": "arn:aws:lambda:eu-west-1:1:function:f:3",
    "qualifiedInvokeArn": "invoke:3",
    "lastModified": "2026-01-01",
    "invokeArn": "invoke",
}


def inputs_of(given: Properties, olds: Properties | None = None) -> Properties:
    inputs, failures = check(FUNCTION, olds or {}, given, Naming("orders", b"seed"), Configuration(region="eu-west-1"))
    assert failures == ()
    return inputs


def planned(before: Properties, after: Properties) -> Properties:
    olds = inputs_of(before)
    news = inputs_of(after, olds)
    state: Properties = without_internal_keys(olds) | COMPUTED
    return planned_update(FUNCTION, state, news, compare(FUNCTION, state, news))


class TestPreviewOfACreation:
    def test_says_what_is_known_and_leaves_the_rest_unknown(self) -> None:
        inputs = inputs_of(A_FUNCTION | {"role": UNKNOWN})

        planned_outputs = planned_creation(FUNCTION, inputs)

        assert planned_outputs["name"] == inputs["name"]
        assert planned_outputs["timeout"] == 3
        for unknown in ("arn", "version", "qualifiedArn", "lastModified", "architectures", "role"):
            assert planned_outputs[unknown] is UNKNOWN
        assert "description" not in planned_outputs

    def test_does_so_inside_nested_objects(self) -> None:
        planned_outputs = planned_creation(FUNCTION, inputs_of(A_FUNCTION | {"loggingConfig": {"logFormat": "JSON"}}))

        assert planned_outputs["loggingConfig"] == {
            "logFormat": "JSON",
            "logGroup": UNKNOWN,
            "applicationLogLevel": "",
            "systemLogLevel": "",
        }


class TestPreviewOfAnUpdateOfAFunction:
    def test_that_publishes_makes_the_version_unknown(self) -> None:
        outputs = planned(A_FUNCTION, A_FUNCTION | {"timeout": 9})

        assert outputs["timeout"] == 9
        assert {name for name, value in outputs.items() if value is UNKNOWN} == {
            "version",
            "qualifiedArn",
            "qualifiedInvokeArn",
        }

    def test_of_the_code_makes_its_time_unknown_too(self) -> None:
        outputs = planned(A_FUNCTION, A_FUNCTION | {"code": Archive(hash="new", path="app")})

        assert outputs["lastModified"] is UNKNOWN
        assert outputs["version"] is UNKNOWN

    def test_that_does_not_publish_keeps_the_version(self) -> None:
        before = A_FUNCTION | {"publish": False}

        outputs = planned(before, before | {"code": Archive(hash="new", path="app")})

        assert outputs["version"] == "3"
        assert outputs["lastModified"] is UNKNOWN

    def test_of_tags_alone_publishes_nothing(self) -> None:
        outputs = planned(A_FUNCTION, A_FUNCTION | {"tags": {"team": "shop"}})

        assert outputs["version"] == "3"
        assert outputs["tagsAll"] == {"team": "shop"}

    def test_keeps_what_does_not_depend_on_it(self) -> None:
        outputs = planned(A_FUNCTION, A_FUNCTION | {"timeout": 9})

        assert (outputs["arn"], outputs["invokeArn"]) == (COMPUTED["arn"], COMPUTED["invokeArn"])

    def test_drops_what_is_no_longer_asked_for(self) -> None:
        outputs = planned(A_FUNCTION | {"description": "x"}, A_FUNCTION)

        assert "description" not in outputs


class TestInputsAfterARefresh:
    def test_are_the_recorded_ones_when_nothing_drifted(self) -> None:
        olds = inputs_of(A_FUNCTION | {"environment": {"variables": {"A": "1"}}})

        assert extracted_inputs(FUNCTION, olds, without_internal_keys(olds) | COMPUTED) == olds

    def test_follow_what_drifted_and_no_longer_call_it_a_default(self) -> None:
        olds = inputs_of(A_FUNCTION)
        live = without_internal_keys(olds) | COMPUTED | {"timeout": 60}

        inputs = extracted_inputs(FUNCTION, olds, live)

        assert inputs["timeout"] == 60
        assert "timeout" not in inputs["__defaults"]
        assert "memorySize" in inputs["__defaults"]

    def test_do_not_take_in_what_the_program_never_set(self) -> None:
        olds = inputs_of(A_FUNCTION)

        assert "architectures" not in extracted_inputs(FUNCTION, olds, olds | {"architectures": ["x86_64"]})


def test_inputs_of_an_import_are_what_can_be_set_and_is_not_a_default() -> None:
    state: Properties = {
        "name": "orders",
        "delaySeconds": 5,
        "visibilityTimeoutSeconds": 30,
        "fifoQueue": False,
        "url": "http://queue",
        "arn": "arn",
        "tags": {},
    }

    assert extracted_inputs(QUEUE, {}, state) == {"name": "orders", "delaySeconds": 5, "__defaults": []}


def test_what_aws_does_not_give_back_is_kept_from_what_was_known() -> None:
    known = inputs_of(A_FUNCTION)

    state = with_unreadable(FUNCTION, {"name": "orders"}, known)

    assert state["code"] == A_FUNCTION["code"]
    assert state["publish"] is True
    assert state["region"] == "eu-west-1"
    assert "timeout" not in state


def test_sensitive_properties_are_secret_and_others_are_not() -> None:
    marked = with_secrets(PARAMETER, {"name": "/p", "value": "hunter2"})

    assert marked == {"name": "/p", "value": Secret("hunter2")}
    assert with_secrets(PARAMETER, {"value": UNKNOWN}) == {"value": UNKNOWN}
