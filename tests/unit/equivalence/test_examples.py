"""Generated programs: the same ones for the same number, always such that Python takes them, and related."""

import pytest

from tests.equivalence.consistency import consistent, with_all_aliases, without_second_owners
from tests.equivalence.draws import drawn, shrunk
from tests.equivalence.model import Alias, Attribute, Chain, Literal, Options, ProgramModel, Resource, parts_of
from tests.equivalence.rendering import rendered
from tests.equivalence.trial import Outcome, Verdict

PAIRS = range(2)


@pytest.mark.parametrize("pair", PAIRS)
def test_a_number_stands_for_one_chain(pair: int) -> None:
    assert drawn(pair) == drawn(pair)


@pytest.mark.parametrize("pair", PAIRS)
def test_a_chain_is_made_of_programs(pair: int) -> None:
    chain = drawn(pair)

    assert 2 <= len(chain.versions) <= 5
    assert chain.target < len(chain.versions) - 1
    for version in chain.versions:
        compile(rendered(version, tracked=chain.tracked).code, "__main__.py", "exec")


@pytest.mark.parametrize("pair", PAIRS)
def test_a_program_refers_to_what_is_there_before(pair: int) -> None:
    for version in drawn(pair).versions:
        known: set[int] = set()
        for resource in version.resources:
            referred = {part.key for _, value in resource.inputs for part in parts_of(value) if hasattr(part, "key")}
            assert referred <= known
            known.add(resource.key)


def test_a_failing_chain_is_shrunk_to_what_it_fails_for() -> None:
    def trial(chain: Chain) -> Outcome:
        failing = any(resource.kind == "topic" for version in chain.versions for resource in version.resources)
        return Outcome(Verdict.FAILED if failing else Verdict.PASSED)

    pair = next(number for number in range(20) if trial(drawn(number)).verdict is Verdict.FAILED)
    found = shrunk(pair, 0, trial)

    assert found is not None
    assert len(found[0].versions) == 2
    assert sum(len(version.resources) for version in found[0].versions) <= 4


def chain_of(*queues: Resource) -> Chain:
    return Chain(tuple(ProgramModel((queue,)) for queue in queues))


def test_every_version_is_told_all_names_of_a_renamed_resource() -> None:
    first, second = Resource(0, "queue", "jobs"), Resource(0, "queue", "tasks")

    before, after = with_all_aliases(chain_of(first, second))

    assert before.resources[0].options.aliases == (Alias("tasks", None),)
    assert after.resources[0].options.aliases == (Alias("jobs", None),)


def test_a_resource_called_otherwise_without_an_alias_is_another_one() -> None:
    first, second = Resource(0, "queue", "jobs"), Resource(0, "queue", "tasks", incarnation=1)

    before, after = with_all_aliases(chain_of(first, second))

    assert before.resources[0].options == after.resources[0].options == Options()


def test_a_program_reads_like_one() -> None:
    queue = Resource(0, "queue", "jobs")
    model = ProgramModel((queue,), (("url", Attribute(0, "url")),))

    assert rendered(model, tracked=False).code.endswith("r0 = aws.sqs.Queue('jobs')\npulumi.export('url', r0.url)\n")


QUEUE = Resource(0, "queue", "jobs")
URL = Attribute(0, "url")


def policy(key: int) -> Resource:
    return Resource(key, "queue_policy", f"policy-{key}", (("queue_url", URL), ("policy", Literal("{}"))))


def test_what_is_the_same_in_aws_as_another_resource_of_an_earlier_version_is_left_out() -> None:
    first, same, other = (ProgramModel((QUEUE, policy(key))) for key in (1, 1, 2))

    assert [len(version.resources) for version in without_second_owners([first, same, other])] == [2, 2, 1]


def test_nothing_reads_what_another_resource_of_the_program_changes() -> None:
    read = Resource(3, "read_queue", "read", (("id", URL),))

    assert consistent(ProgramModel((QUEUE, read, policy(1)))).resources == (QUEUE, read)
    assert consistent(ProgramModel((QUEUE, policy(1), read))).resources == (QUEUE, policy(1))
