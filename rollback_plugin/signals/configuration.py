"""What a deploy did to an alarm: a pure function."""

from datetime import datetime, timedelta

from rollback_plugin.signals.signal import AlarmConfiguration, AlarmObservation

_WHOLE_SECONDS = timedelta(seconds=1)
"""The backend keeps an update's times in whole seconds, cut off."""


def configuration_by_deploy(
    alarm: AlarmObservation, began: datetime, ended: datetime, known_before: bool
) -> AlarmConfiguration:
    """Whether the update that ran from `began` to `ended` wrote the alarm's configuration (PutMetricAlarm sets
    AlarmConfigurationUpdatedTimestamp; its state is left as it was, so it may have rung before).

    `known_before`: an earlier version named it. An alarm that was written by the deploy and that no earlier version
    named was made by it; one that was replaced under a new name is such an alarm too. What was written after the deploy
    was written by somebody else.
    """
    written = alarm.configured_at
    if written is None or not began <= written < ended + _WHOLE_SECONDS:
        return AlarmConfiguration.UNCHANGED
    return AlarmConfiguration.CHANGED if known_before else AlarmConfiguration.CREATED
