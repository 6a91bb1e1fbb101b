"""A notice in words, and as Slack's blocks."""

from rollback_plugin.notices.notice import Happened, Notice

HEADER_CHARACTERS = 150
"""Of a header block; a section's field has 2,000 (https://docs.slack.dev/reference/block-kit/blocks)."""
FIELD_CHARACTERS = 2000

_SIGNS = {
    Happened.ROLLBACK_STARTED: "⏪",
    Happened.ROLLED_BACK: "⏪",
    Happened.ROLLBACK_HELPED: "✅",
    Happened.ROLLBACK_DID_NOT_HELP: "⚠️",
    Happened.RECOVERED: "⏩",
    Happened.OPERATION_FAILED: "🛑",
    Happened.REFUSED: "🛑",
    Happened.HELD: "✋",
    Happened.ASKED: "❓",
    Happened.APPROVED: "👍",
    Happened.DENIED: "👎",
    Happened.FROZEN: "🧊",
    Happened.UNFROZEN: "💧",
}


def as_text(notice: Notice) -> str:
    """For a mail, or where blocks aren't shown."""
    facts = [f"{name}: {value}" for name, value in _facts(notice)]
    return "\n".join([notice.headline, "", *facts, "", notice.what_next, f"Record: {notice.record}"])


def as_blocks(notice: Notice) -> list[dict[str, object]]:
    """Slack's Block Kit."""
    fields = [
        {"type": "mrkdwn", "text": f"*{name}*\n{_escaped(value)}"[:FIELD_CHARACTERS]} for name, value in _facts(notice)
    ]
    headline = f"{_SIGNS[notice.happened]} {notice.headline}"[:HEADER_CHARACTERS]
    return [
        {"type": "header", "text": {"type": "plain_text", "text": headline}},
        {"type": "section", "fields": fields},
        {"type": "section", "text": {"type": "mrkdwn", "text": _escaped(notice.what_next)}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": f"Record: {_escaped(notice.record)}"}]},
    ]


def _facts(notice: Notice) -> list[tuple[str, str]]:
    versions = [] if notice.version is None else [("Version", str(notice.version))]
    targets = [] if notice.target is None else [("Target", str(notice.target))]
    reasons = [] if notice.reason is None else [("Reason", notice.reason)]
    alarms = [("Alarms", ", ".join(notice.alarms))] if notice.alarms else []
    why = [("Why", notice.why)] if notice.why else []
    return [
        ("Stack", str(notice.stack)),
        *versions,
        *targets,
        *reasons,
        *alarms,
        ("Time", f"{notice.time:%Y-%m-%d %H:%M:%S} UTC"),
        ("By", notice.actor),
        *why,
    ]


def _escaped(text: str) -> str:
    """Slack's three control characters (https://docs.slack.dev/messaging/formatting-message-text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
