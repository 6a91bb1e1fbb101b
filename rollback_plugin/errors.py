"""Every error this package raises on purpose, in one tree.

    RollbackPluginError                exit 1
    ├── UsageError                     exit 2   the person asked for something that doesn't exist or is ambiguous
    │   ├── NotAPulumiProject
    │   ├── NoStackSelected
    │   ├── UnknownVersion
    │   ├── VersionPruned
    │   ├── UnknownAlarm
    │   ├── NothingAsked
    │   └── InvalidConfiguration
    ├── Refused                        exit 3   understood, and not done; nothing was touched
    │   ├── NothingHealthy
    │   ├── NotReplayable
    │   ├── DamagedSnapshot
    │   ├── QuarantinedContent
    │   ├── OperationInProgress
    │   └── NotConfirmed
    ├── StoreError                     exit 1   the place where objects are kept
    │   ├── ObjectMissing
    │   ├── ObjectExists
    │   ├── StoreUnreachable
    │   └── StoreReadOnly
    ├── JournalError                   exit 1   the journal can't be read as a journal
    │   ├── BrokenChain
    │   ├── UnusableCompaction         (the entries are read instead)
    │   └── WriteConflict
    ├── EngineError                    exit 1   the Pulumi engine and its backend
    │   ├── EngineNotFound
    │   ├── NotLoggedIn
    │   ├── UnsupportedBackend
    │   ├── WrongPassphrase
    │   ├── EngineLocked
    │   └── EngineFailed
    ├── CloudError                     exit 1   AWS said no, or could not be asked
    │   ├── MissingCredentials
    │   ├── CloudUnreachable
    │   └── CloudThrottled
    ├── DeliveryFailed                 exit 1   a notice did not reach those it was for
    │   └── DeliveryDelayed            exit 1   it may reach them the next time
    └── EmbeddedError                  exit 1   the AWS in a box could not start or be used

Each message is one paragraph: it names the thing, says what was found, and gives the way out.
A message never carries a secret: callers pass names and places, not values.
"""


class RollbackPluginError(Exception):
    """Base of the tree. `exit_code` is what the command exits with when the error reaches it."""

    exit_code: int = 1


class UsageError(RollbackPluginError):
    """What was asked for does not exist, or is not said clearly enough."""

    exit_code = 2


class NotAPulumiProject(UsageError):
    """The folder holds no Pulumi.yaml."""


class NoStackSelected(UsageError):
    """Neither `--stack` nor a selected stack says which stack is meant."""


class UnknownVersion(UsageError):
    """The stack has no version of that number."""


class VersionPruned(UsageError):
    """The stack had that version, and somebody removed what was kept of it."""


class UnknownAlarm(UsageError):
    """A service names a CloudWatch alarm that does not exist."""


class NothingAsked(UsageError):
    """There is no question to answer."""


class InvalidConfiguration(UsageError):
    """A value in stack config, arguments or environment can't be used as it is."""


class Refused(RollbackPluginError):
    """The plan says no; nothing was touched."""

    exit_code = 3


class NothingHealthy(Refused):
    """There is no healthy version to go back to."""


class NotReplayable(Refused):
    """A version can't be re-applied faithfully; the message lists what stands in the way, by URN."""


class DamagedSnapshot(Refused):
    """Stored bytes do not have the hash they are kept under."""


class QuarantinedContent(Refused):
    """The program to be deployed has the content of a version that was rolled back."""


class OperationInProgress(Refused):
    """Another process is rolling this stack back or recovering it."""


class NotConfirmed(Refused):
    """The person did not say yes."""


class StoreError(RollbackPluginError):
    """The store failed."""


class ObjectMissing(StoreError):
    """No object is kept under that key."""


class ObjectExists(StoreError):
    """An exclusive create found the key taken."""


class StoreUnreachable(StoreError):
    """The store could not be asked."""


class StoreReadOnly(StoreError):
    """The store can be read, but not written."""


class JournalError(RollbackPluginError):
    """The journal can't be used."""


class BrokenChain(JournalError):
    """An entry is missing, or does not carry the hash of the one before it."""


class UnusableCompaction(JournalError):
    """A compacted journal is damaged, of another format, or of a journal that says otherwise. The entries are read
    instead; it reaches a person only where one was made to look sound."""


class WriteConflict(JournalError):
    """Somebody else wrote the next entry first; read the journal again and decide again."""


class EngineError(RollbackPluginError):
    """The Pulumi engine or its backend failed."""


class EngineNotFound(EngineError):
    """No `pulumi` on PATH."""


class NotLoggedIn(EngineError):
    """No backend is configured."""


class UnsupportedBackend(EngineError):
    """The backend keeps no history that can be read here."""


class WrongPassphrase(EngineError):
    """The stack's secrets can't be opened with what the environment holds."""


class EngineLocked(EngineError):
    """Another update holds the stack's lock; the message names who."""


class EngineFailed(EngineError):
    """The engine ran and reported failure."""


class CloudError(RollbackPluginError):
    """AWS refused, or could not be asked."""


class MissingCredentials(CloudError):
    """No AWS credentials were found."""


class CloudUnreachable(CloudError):
    """The AWS endpoint could not be reached."""


class CloudThrottled(CloudError):
    """AWS takes no more of these calls for now, after several tries too."""


class DeliveryFailed(RollbackPluginError):
    """A channel refused a notice."""


class DeliveryDelayed(DeliveryFailed):
    """A channel could not take a notice now. `after_seconds` is when it wants to be asked again, where it says so."""

    def __init__(self, message: str, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class EmbeddedError(RollbackPluginError):
    """The embedded AWS could not start or be used."""
