"""Where objects are kept: a folder or an S3 bucket, behind one interface.

The contract, for whoever uses a store or writes another one:

- A *key* names an object: segments joined by `/`, UTF-8, at most 900 bytes, each segment at most 255 bytes. No leading
  or trailing slash, no empty segment, no `.` or `..`, no control characters. Any other key is a `ValueError`: keys are
  made by this package, so a bad one is a mistake in it, and nothing is asked of the store.
- No key is the folder of another (`a` and `a/b` are never both kept): a folder on disk couldn't hold both.
- `write` and `create` are all or nothing. A reader sees the object as it was before or as it is after; a crash leaves
  one of the two, and never an object that `list` shows and `read` can't give.
- `create` is exclusive: of any number of writers of one key, in any number of processes, exactly one returns and every
  other one gets `ObjectExists`. This holds over retries too: whoever gets `ObjectExists` did not write the object.
  Journal, locks and numbering of versions stand on this alone.
- What was written is read: `read` and `list` see every write that returned before they were called, from any process.
- `list` gives whole keys in the order of their UTF-8 bytes, not segment by segment (`a-b` before `a/b`), each once.
  Keys created while it runs may be missing.
- `delete` of a key that isn't there does nothing.
- A store that has never been written to is empty, not an error; one whose place is gone (an unmounted drive, a bucket
  that was deleted) is `StoreUnreachable`, not empty.
- Errors are those of `rollback_plugin.errors`: `ObjectMissing`, `ObjectExists`, `StoreUnreachable` (couldn't be asked,
  or refused to be read), `StoreReadOnly` (refused to be written), `MissingCredentials`, and `InvalidConfiguration` for
  a URL that can't be understood. Passing failures (throttling, timeouts, a server's 5xx) are retried before they become
  an error.

`tests/store/conformance.py` checks all of this, the same way for every implementation.
"""

from rollback_plugin.store.folder import FolderStore
from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.store.locate import open_store
from rollback_plugin.store.prefixed import PrefixedStore

__all__ = ["FolderStore", "ObjectStore", "PrefixedStore", "open_store"]
