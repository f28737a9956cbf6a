from __future__ import annotations

import numpy as np
import pytest

from ganvas.errors import InputError
from ganvas.pictures.rows import MARGIN_PX, ROOM_PX, named_rows
from ganvas.pictures.sheet import sheet


@pytest.mark.parametrize("channels", [1, 3])
def test_each_row_has_its_name_beside_it_and_pictures_are_untouched(channels: int) -> None:
    plain = sheet(np.full((6, channels, 60, 40), 90, np.uint8), columns=2, scale=1)
    named = np.asarray(named_rows(plain, ["a boot", "", "a very long name " * 20]))
    margin = ROOM_PX + MARGIN_PX
    assert (named[:, margin:] == np.asarray(plain)).all()
    inks = [part.min() for part in np.array_split(named[:, :margin], 3)]
    assert inks[0] < 120 < inks[1]
    assert inks[2] < 120
    assert (named[:124, :MARGIN_PX] == 238).all()


def test_rows_lower_than_a_line_keep_their_names_within_the_picture() -> None:
    plain = sheet(np.full((4, 1, 4, 4), 90, np.uint8), columns=1, scale=1)
    assert named_rows(plain, ["one", "two", "three", "four"]).height == plain.height


def test_no_names_are_an_error() -> None:
    with pytest.raises(InputError, match="none"):
        named_rows(sheet(np.zeros((1, 1, 8, 8), np.uint8)), [])
