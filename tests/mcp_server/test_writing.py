"""The tools that write: what is new is stored at once, and what would lose a value is asked for first, in each revision."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client, MCPError
from mcp.server.lowlevel import Server
from mcp_types import CallToolResult, ElicitResult, InputRequiredResult, InputResponses

from mcp_server.serving import Ask, call, drive, rows, served, texts
from paasq._embedded_database import EmbeddedDatabase
from paasq_daemon.mcp.approval import HANDLE_SECONDS, HANDLES_MAX, Handles
from paasq_daemon.wire.errors import InvalidValue

GIFT = {"collection": "task", "key": "gift", "set": {"effort": "2h"}}


@pytest.fixture
def server(own_store: EmbeddedDatabase) -> Server[Any]:
    return served(own_store, write=True)


def effort(store: EmbeddedDatabase) -> str | None:
    record = store.get("task", "gift")
    return None if record is None else str(record["effort"])


def test_remember_stores_values_of_every_type(own_store: EmbeddedDatabase, server: Server[Any], era: str) -> None:
    told = {
        "id": "ferry",
        "title": "Book the ferry // not a comment",
        "owner": "person:mira",  # as a citation has it; `mira` is the same
        "due": "2026-12-01T09:00:00Z",
        "effort": "1h30min",
        "done": False,
    }
    (row,) = rows(call(server, era, "remember", {"collection": "task", "records": [told]}))
    assert row["keys"] == ["ferry"]
    stored = own_store.query("from task:ferry | select who = owner->name, title, due, effort")[0]
    assert stored.who == "Mira Holm"
    assert str(stored.effort) == "1h30min"


def test_remember_never_replaces(own_store: EmbeddedDatabase, server: Server[Any], era: str) -> None:
    records = [{"id": "new", "title": "N"}, {"id": "gift", "title": "another"}]
    result = call(server, era, "remember", {"collection": "task", "records": records})
    assert "task:gift was expected absent" in texts(result)[0]
    assert own_store.get("task", "new") is None  # all are stored, or none


@pytest.mark.parametrize(
    "record",
    [
        {"id: 1}; delete from task where true //": 1},
        {"`": 1},
        {"": 1},
        {"id": 'x", done: true}; delete from task where true //'},
    ],
)
def test_names_and_values_of_a_record_are_never_language(
    own_store: EmbeddedDatabase, server: Server[Any], record: dict[str, Any]
) -> None:
    call(server, "2026-07-28", "remember", {"collection": "task", "records": [record]})
    assert len(own_store.query("from task")) >= 13


def test_a_patch_that_loses_nothing_is_done_at_once(own_store: EmbeddedDatabase, server: Server[Any], era: str) -> None:
    result = call(server, era, "patch", {"collection": "person", "key": "carla", "set": {"birthday": "1971-05-05"}})
    assert result.structured_content["done"] is True
    assert own_store.query("from person:carla | where birthday == @1971-05-05").rows


def test_the_owner_sees_the_changes_and_agrees(own_store: EmbeddedDatabase, server: Server[Any], era: str) -> None:
    asked: list[str] = []

    def agree(question: str) -> bool:
        asked.append(question)
        assert effort(own_store) == "1h"  # nothing is written before
        return True

    result = call(server, era, "patch", GIFT, agree)
    assert asked == ["An assistant wants to write these changes:\nupdate task:gift effort: 1h -> 2h"]
    assert result.structured_content["done"] is True
    assert result.structured_content["changes"]["rows"][0]["after"] == "2h"
    assert effort(own_store) == "2h"


@pytest.mark.parametrize("answer", [False, None])
def test_an_owner_who_does_not_agree_keeps_everything(
    own_store: EmbeddedDatabase, server: Server[Any], era: str, answer: bool | None
) -> None:
    result = call(server, era, "patch", {"collection": "task", "where": "true", "delete": True}, lambda _: answer)
    assert (result.structured_content["done"], result.is_error) == (False, False)
    assert len(own_store.query("from task")) == 13


def test_a_long_question_says_how_much_more_there_is(own_store: EmbeddedDatabase, era: str) -> None:
    asked: list[str] = []

    def decline(question: str) -> bool:
        asked.append(question)
        return False

    call(served(own_store, write=True), era, "patch", {"collection": "mail", "where": "true", "delete": True}, decline)
    lines = asked[0].splitlines()
    assert len(lines) <= 33
    assert any(line.startswith("and ") for line in lines)


def test_control_characters_in_a_question_are_escaped(own_store: EmbeddedDatabase, era: str) -> None:
    asked: list[str] = []

    def decline(question: str) -> bool:
        asked.append(question)
        return False

    arguments = {"collection": "task", "key": "gift", "set": {"title": "x\n\x1b[2Jall is well"}}
    call(served(own_store, write=True), era, "patch", arguments, decline)
    assert len(asked[0].splitlines()) == 2
    assert "\x1b" not in asked[0]


def test_of_long_values_the_part_that_differs_is_shown(own_store: EmbeddedDatabase, era: str) -> None:
    own_store.query("patch note:soup set body = $text", text="a word " * 60 + "ends well")
    asked: list[str] = []

    def decline(question: str) -> bool:
        asked.append(question)
        return False

    arguments = {"collection": "note", "key": "soup", "set": {"body": "a word " * 60 + "ends badly, for everybody"}}
    call(served(own_store, write=True), era, "patch", arguments, decline)
    told = asked[0].splitlines()[1].removeprefix("update note:soup body: ")
    assert told == "… a word a word ends well -> … a word a word ends badly, for everybody"


def test_without_a_form_the_same_call_with_the_handle_writes(
    own_store: EmbeddedDatabase, server: Server[Any], era: str
) -> None:
    first = call(server, era, "patch", GIFT).structured_content
    assert (first["done"], effort(own_store)) == (False, "1h")
    for other in ({**GIFT, "set": {"effort": "9h"}}, {**GIFT, "key": "tell-eli"}):
        used = call(
            server, era, "patch", {**other, "confirm": call(server, era, "patch", GIFT).structured_content["confirm"]}
        )
        assert "this handle is not of these changes" in texts(used)[0]
    assert call(server, era, "patch", {**GIFT, "confirm": first["confirm"]}).structured_content["done"] is True
    assert effort(own_store) == "2h"
    own_store.query("patch task:gift set effort = 1h")
    assert call(server, era, "patch", {**GIFT, "confirm": first["confirm"]}).is_error  # it was used


def test_a_handle_is_not_of_what_changed_meanwhile(own_store: EmbeddedDatabase, server: Server[Any], era: str) -> None:
    handle = call(server, era, "patch", GIFT).structured_content["confirm"]
    own_store.query("patch task:gift set effort = 5h")
    assert call(server, era, "patch", {**GIFT, "confirm": handle}).is_error
    assert effort(own_store) == "5h"


def test_who_agreed_to_other_changes_is_asked_again(own_store: EmbeddedDatabase, server: Server[Any]) -> None:
    asked: list[str] = []

    def agree(question: str) -> bool:
        asked.append(question)
        if len(asked) == 1:
            own_store.query("patch task:gift set effort = 5h")
        return True

    assert call(server, "2026-07-28", "patch", GIFT, agree).structured_content["done"] is True
    assert [question.splitlines()[1] for question in asked] == [
        "update task:gift effort: 1h -> 2h",
        "update task:gift effort: 5h -> 2h",
    ]


def test_a_record_that_changed_while_the_owner_thought_is_not_written(
    own_store: EmbeddedDatabase, server: Server[Any]
) -> None:
    def agree(_: str) -> bool:
        own_store.query("patch task:gift set effort = 5h")
        return True

    assert "PQ5001" in texts(call(server, "legacy", "patch", GIFT, agree))[0]
    assert effort(own_store) == "5h"


def test_consent_can_neither_be_forged_nor_taken_to_another_call(
    own_store: EmbeddedDatabase, server: Server[Any]
) -> None:
    yes: InputResponses = {"confirm": ElicitResult(action="accept", content={"confirm": True})}

    async def work(client: Client) -> CallToolResult | InputRequiredResult:
        first = await client.session.call_tool("patch", GIFT, allow_input_required=True)
        assert isinstance(first, InputRequiredResult)
        other = {**GIFT, "set": {"effort": "9h"}}
        for state, arguments in (("forged", GIFT), (first.request_state, other)):
            with pytest.raises(MCPError, match="requestState"):
                await client.session.call_tool(
                    "patch", arguments, input_responses=yes, request_state=state, allow_input_required=True
                )
        return await client.session.call_tool("patch", GIFT, input_responses=yes, allow_input_required=True)

    unasked: Ask = lambda _: pytest.fail("the session drives this call by hand")  # noqa: E731
    again = drive(server, "2026-07-28", work, unasked)
    assert isinstance(again, InputRequiredResult)  # a reply without the state that it belongs to is none
    assert effort(own_store) == "1h"


def test_many_records_are_written_together_as_they_were_shown(
    own_store: EmbeddedDatabase, server: Server[Any], era: str
) -> None:
    given = {
        "collection": "task",
        "where": "project == $p and not done",
        "params": {"p": "falcon"},
        "set": {"project": "series"},
    }

    def change_one(_: str) -> bool:
        own_store.query("patch task:final-file set effort = 2h")
        return True

    asked: list[str] = []

    def agree(question: str) -> bool:
        asked.append(question)
        return True

    first = call(server, era, "patch", given, change_one if era == "legacy" else lambda _: False)
    assert first.is_error or not first.structured_content["done"]
    assert len(own_store.query('from task | where project == "falcon"')) == 4
    assert call(server, era, "patch", given, agree).structured_content["done"] is True
    assert len(asked[0].splitlines()) == 5
    assert len(own_store.query('from task | where project == "series"')) == 4


def test_too_many_records_at_once_are_refused(own_store: EmbeddedDatabase, server: Server[Any], era: str) -> None:
    own_store.put("note", [{"id": f"n{n}"} for n in range(101)])
    result = call(server, era, "patch", {"collection": "note", "where": "true", "delete": True})
    assert "more than 100 records pass" in texts(result)[0]


@pytest.mark.parametrize(
    "condition",
    ["true) set done = true; delete from task where (true", "true); delete from task where (true", "true // ) set"],
)
def test_a_condition_that_ends_the_statement_writes_nothing(
    own_store: EmbeddedDatabase, server: Server[Any], condition: str
) -> None:
    before = own_store.query("from task").rows
    call(server, "2026-07-28", "patch", {"collection": "task", "where": condition, "set": {"done": True}})
    assert own_store.query("from task").rows == before


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ({"set": {"done": True}}, "either `key` or `where`"),
        ({"key": "gift", "where": "true", "set": {"done": True}}, "either `key` or `where`"),
        ({"key": "gift"}, "either `set` fields or `delete`"),
        ({"key": "gift", "set": {"done": True}, "delete": True}, "either `set` fields or `delete`"),
        ({"key": "nosuch", "set": {"done": True}}, "there is no task:nosuch"),
        ({"key": "gift", "set": {"done": True}, "version": 7}, "it is at version 1"),
        ({"where": "done == $_0", "set": {"done": True}, "params": {"_0": 1}}, "can't be called _0"),
    ],
)
def test_a_patch_that_makes_no_sense_says_why(
    server: Server[Any], era: str, arguments: dict[str, Any], place: str
) -> None:
    assert place in texts(call(server, era, "patch", {"collection": "task", **arguments}))[0]


def test_a_patch_of_nothing_says_so(server: Server[Any], era: str) -> None:
    result = call(server, era, "patch", {"collection": "task", "where": "false", "set": {"done": True}})
    assert (result.structured_content["done"], texts(result)[0][:16]) == (False, "No record passes")
    result = call(server, era, "patch", {"collection": "task", "key": "gift", "set": {"effort": "1h"}})
    assert (result.structured_content["done"], texts(result)[0][:17]) == (False, "Nothing to change")


def test_handles_end_with_time_and_are_bounded_in_number() -> None:
    now = [0.0]
    handles = Handles(clock=lambda: now[0])
    old = handles.give("a")
    now[0] = HANDLE_SECONDS + 1
    with pytest.raises(InvalidValue, match="too old"):
        handles.use(old, "a")
    first, *others = [handles.give("a") for _ in range(HANDLES_MAX + 1)]
    with pytest.raises(InvalidValue):
        handles.use(first, "a")
    handles.use(others[-1], "a")
