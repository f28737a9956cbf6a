"""The classification accuracy score: generated pictures teach as well as real ones, or they do not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ganvas.errors import InputError
from ganvas.judge.classifier.settings import classifier_settings
from ganvas.judge.classifier.substitute import classification_accuracy_score
from ganvas.pictures.packed import PackedSet
from ganvas.studio import StudioFolder

Stripes = Callable[..., np.ndarray]


def test_good_pictures_teach_as_well_as_real_ones_and_mislabelled_ones_do_not(
    studio: StudioFolder, quick: dict, stripe_pictures: Stripes
) -> None:
    packed = PackedSet.open(studio.sets / "stripes")
    settings = classifier_settings({**quick, "budget": "12-epochs"})
    told = np.arange(150) % 3
    drawn = stripe_pictures(told, seed=7)
    names = [packed.label_names[kind] for kind in told]
    good = classification_accuracy_score(drawn, names, packed, settings)
    assert good.tested_on == 60
    assert good.learned_from == 135
    assert good.from_drawn > 0.85
    assert abs(good.from_drawn - good.from_real) < 0.12
    shifted = classification_accuracy_score(drawn, names[1:] + names[:1], packed, settings)
    assert shifted.from_drawn < 0.2
    assert shifted.from_real == good.from_real


def test_drawn_pictures_that_cannot_stand_in_are_refused(
    studio: StudioFolder, quick: dict, stripe_pictures: Stripes
) -> None:
    packed = PackedSet.open(studio.sets / "stripes")
    settings = classifier_settings({**quick, "budget": "1-epoch"})
    drawn = stripe_pictures(np.arange(30) % 3)
    names = [packed.label_names[kind] for kind in range(2)] * 15
    with pytest.raises(InputError, match="cannot stand in"):
        classification_accuracy_score(drawn[:, :, :8], names, packed, settings)
    with pytest.raises(InputError, match="label 'standing' of the pictures has 0 pictures"):
        classification_accuracy_score(drawn, names, packed, settings)
