"""Which characters a key may have."""

import sys
import unicodedata

from rollback_plugin.store.keys import key_problem


def test_no_control_character_is_in_a_key_and_every_other_one_may_be() -> None:
    surrogates = range(0xD800, 0xE000)
    characters = (chr(code) for code in range(sys.maxunicode + 1) if code not in surrogates and chr(code) != "/")

    for character in characters:
        found = key_problem(f"a{character}b")
        assert (found is not None) == (unicodedata.category(character) == "Cc"), repr(character)
