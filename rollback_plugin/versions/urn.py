"""URNs: the engine's names of resources, `urn:pulumi:<stack>::<project>::<type chain>::<name>`.

Put together as `CreateURN` in sdk/go/common/resource/urn/urn.go does: the types of all parents but the stack stand,
joined by `$`, before the resource's own.
"""

ROOT_STACK_TYPE = "pulumi:pulumi:Stack"


def child_urn(parent: str, own_type: str, name: str) -> str:
    """URN of a resource of the type `own_type` and that name below the resource with the URN `parent`."""
    head, project, parent_types, _ = parent.split("::", 3)
    chain = own_type if parent_types == ROOT_STACK_TYPE else f"{parent_types}${own_type}"
    return f"{head}::{project}::{chain}::{name}"
