"""Ciphertexts are found wherever they are, carried once each, and come back as plain texts in their places."""

from typing import Any

from rollback_plugin.replay.sealed import carried, carrier, opened
from rollback_plugin.stack import StackName
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.properties import SECRET_SIGNATURE, SIGNATURE_KEY

STACK = StackName("shop", "dev")
SALT = {"type": "passphrase", "state": {"salt": "v1:abc"}}


def sealed(ciphertext: str) -> dict[str, str]:
    return {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": ciphertext}


def plain(plaintext: str) -> dict[str, str]:
    return {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": plaintext}


def checkpoint(*resources: dict[str, Any], **deployment: Any) -> Checkpoint:
    documents = [
        {"urn": f"urn:pulumi:dev::shop::a:b:C::r{number}", "type": "a:b:C", **resource}
        for number, resource in enumerate(resources)
    ]
    return Checkpoint.from_document(
        {"version": 3, "deployment": {"secrets_providers": SALT, **deployment, "resources": documents}}
    )


def test_ciphertexts_are_found_in_lists_and_maps_and_pending_operations() -> None:
    state = checkpoint(
        {"inputs": {"list": [1, sealed("one")], "map": {"deep": {"er": sealed("two")}}}},
        {"outputs": {"known": plain('"x"'), "same": sealed("one")}},
        pending_operations=[{"type": "creating", "resource": {"inputs": {"p": sealed("three")}}}],
    )

    assert {line: sorted(ciphertexts) for line, ciphertexts in state.ciphertexts.items()} == {
        0: ["three"],
        1: ["one", "two"],
        2: ["one"],
    }


def test_each_plain_text_comes_back_in_its_place() -> None:
    state = checkpoint(
        {"inputs": {"list": [1, sealed("one")], "text": "one"}, "aFieldOfTomorrow": {"key": sealed("two")}},
        {"outputs": {"known": plain('"x"')}},
        pending_operations=[{"type": "creating", "resource": {"inputs": {"p": sealed("two")}}}],
    )

    assert opened(state, {"one": '"1"', "two": '"2"'}).document == {
        "version": 3,
        "deployment": {
            "secrets_providers": SALT,
            "pending_operations": [{"type": "creating", "resource": {"inputs": {"p": plain('"2"')}}}],
            "resources": [
                {
                    "urn": "urn:pulumi:dev::shop::a:b:C::r0",
                    "type": "a:b:C",
                    "inputs": {"list": [1, plain('"1"')], "text": "one"},
                    "aFieldOfTomorrow": {"key": plain('"2"')},
                },
                {"urn": "urn:pulumi:dev::shop::a:b:C::r1", "type": "a:b:C", "outputs": {"known": plain('"x"')}},
            ],
        },
    }


def test_a_resource_without_secrets_is_the_same_object() -> None:
    state = checkpoint({"inputs": {"name": "orders"}}, {"inputs": {"p": sealed("one")}})

    assert opened(state, {"one": '"1"'}).resources[0] is state.resources[0]


def test_a_carrier_is_sealed_as_the_checkpoint_and_has_nothing_of_it() -> None:
    state = checkpoint({"inputs": {"p": sealed("one")}}, pending_operations=[{"type": "creating", "resource": {}}])

    made = carrier(STACK, state, ["one", "two"])

    assert made.secrets_providers == SALT
    assert not made.pending_operations
    assert {line: sorted(ciphertexts) for line, ciphertexts in made.ciphertexts.items()} == {1: ["one", "two"]}


def test_plain_texts_are_in_the_order_of_the_ciphertexts() -> None:
    """The engine exports properties in the order of their names, in which 10 comes before 2."""
    ciphertexts = [f"c{number}" for number in range(12)]
    exported = opened(carrier(STACK, checkpoint(), ciphertexts), {each: each.upper() for each in ciphertexts})

    assert carried(exported) == tuple(each.upper() for each in ciphertexts)
