"""Testing a classifier on its set's held-out pictures: `test_classifier(classifier)`."""

from __future__ import annotations

import datetime as dt

import numpy as np

from ganvas.errors import InputError
from ganvas.judge.classifier.calibration import softmax
from ganvas.judge.classifier.classifier import Classifier
from ganvas.judge.classifier.examples import Examples, examples_of_set
from ganvas.judge.classifier.folder import CONFUSION_FILE, PREDICTIONS_FILE, TEST_FILE, ClassifierFolder
from ganvas.judge.classifier.marks import Marks, marks_of
from ganvas.judge.classifier.presenting import confusion_png, prediction_sheet
from ganvas.pictures.packed import PackedSet
from ganvas.pictures.sheet import save_png
from ganvas.whole import write_whole

SHOWN = 100


def test_classifier(classifier: Classifier) -> Marks:
    """Marks on the held-out pictures of the set it learned from; test.json, confusion.png, predictions.png beside it.

    Raises InputError where the set is gone or another by now.
    """
    folder = classifier.folder
    if folder is None:
        raise InputError("a classifier without a folder has no set to be tested on")
    examples = examples_again(folder, classifier)
    truth = examples.labels[examples.test]
    logits = classifier.logits(np.asarray(examples.pictures[examples.test]))
    held_out = examples.packed is not None and np.isin(examples.test, examples.packed.held_out).all()
    against = "held-out pictures" if held_out else "pictures kept out by seed"
    marks = marks_of(logits, truth, classifier.labels, classifier.temperature, against)
    tested_at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    write_whole(folder.path / CONFUSION_FILE, confusion_png(marks))
    shown = np.random.default_rng(classifier.settings.seed).permutation(len(truth))[:SHOWN]
    pictures = np.asarray(examples.pictures[examples.test[shown]])
    probabilities = softmax(logits[shown] / classifier.temperature)
    header = f"{classifier.name}: {len(shown)} of the test by seed {classifier.settings.seed}, errors framed in red"
    sheet = prediction_sheet(pictures, truth[shown], probabilities, classifier.labels, header)
    save_png(folder.path / PREDICTIONS_FILE, sheet)
    folder.write_json(TEST_FILE, {**marks.to_json(), "tested_at": tested_at})
    return marks


test_classifier.__test__ = False  # type: ignore[attr-defined]  # no test of pytest's, whatever its name


def examples_again(folder: ClassifierFolder, classifier: Classifier) -> Examples:
    """The set a classifier learned from, divided as it was then. Raises InputError where it is not there any more."""
    learned_from = folder.read_settings()["set"]
    place = folder.path.parent.parent / "sets" / learned_from["name"]
    if not place.is_dir():
        raise InputError(
            f"set {learned_from['name']}, which classifier {folder.name} learned from, is gone: "
            "make it again, or train on another"
        )
    packed = PackedSet.open(place)
    if packed.fingerprint != learned_from["fingerprint"]:
        raise InputError(
            f"set {packed.name} is not the one that classifier {folder.name} learned from: "
            "it may have seen the pictures of the test; train a new one"
        )
    return examples_of_set(packed, classifier.settings)
