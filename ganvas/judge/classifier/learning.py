"""Learning to classify: `learn_set(studio, "sneakers", {"budget": "10m"})`, or `learn(examples, settings)` from arrays.

The first leaves a folder in the studio and goes on with an unfinished one; the second leaves only what it returns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from typing import Any

import torch

from ganvas.errors import InputError
from ganvas.judge.classifier.calibration import temperature
from ganvas.judge.classifier.classifier import Classifier, Looks, build, looks_of, settings_here
from ganvas.judge.classifier.examples import Examples, examples_of_set
from ganvas.judge.classifier.folder import CURVES_FILE, NEWEST, ClassifierFolder, classifiers
from ganvas.judge.classifier.marks import marks_of
from ganvas.judge.classifier.network import Network
from ganvas.judge.classifier.plan import Plan, make_plan
from ganvas.judge.classifier.presenting import history_png
from ganvas.judge.classifier.seeing import logits_of
from ganvas.judge.classifier.settings import ClassifierSettings, classifier_settings
from ganvas.judge.classifier.tensors import portable
from ganvas.judge.classifier.training import Training
from ganvas.pictures.packed import PackedSet
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder, checked_name
from ganvas.version import __version__
from ganvas.whole import write_whole


def learn(examples: Examples, settings: ClassifierSettings, progress: Progress | None = None) -> Classifier:
    """A classifier of these examples, in memory only. Raises SettingsError, TrainingStopped as `learn_set` does."""
    plan = make_plan(settings, examples)
    looks = Looks(examples.channels, examples.height, examples.width)
    network = _begun(plan, looks, examples, None)
    training = Training(network, examples, plan, progress or Silent())
    training.run()
    heat, _ = _calibrated(network, examples, plan.settings)
    return Classifier(network, plan.settings, examples.names, looks, heat, progress=progress or Silent())


def learn_set(
    studio: StudioFolder,
    set_name: str,
    given: Mapping[str, Any] | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> Classifier:
    """Learn to tell the labels of a packed set; the same call goes on with an unfinished classifier of these settings.

    Raises SettingsError for bad settings, InputError for a set or name that cannot be used, TrainingStopped where the
    loss is no number, and KeyboardInterrupt (after saving) for Ctrl-C.
    """
    asked, progress = dict(given or {}), progress or Silent()
    settings = classifier_settings(asked)
    packed = PackedSet.open(studio.sets / set_name)
    folder = _unfinished(studio, packed, name, asked)
    if folder is not None:
        settings = settings_here(folder.read_settings())
    examples = examples_of_set(packed, settings)
    plan = make_plan(settings, examples)
    for line in (*examples.remarks, *(map(str, plan.choices) if folder is None else ())):
        progress.note(line)
    looks = looks_of(set_facts(packed))
    facts = None if folder is None else folder.read_settings()["facts"]
    network = _begun(plan, looks, examples, facts if folder is not None and folder.kept() else None)
    folder = folder or _new(studio, packed, plan, examples, network, asked, name)
    with folder.lock():
        training = Training(network, examples, plan, progress, folder)
        training.run()
        _finish(folder, network, examples, plan, training, progress)
    return Classifier.load(folder.path, progress)


def plan_set(packed: PackedSet, given: Mapping[str, Any] | None = None) -> tuple[Plan, Examples]:
    """What `learn_set` would do with this set, and with which of its pictures."""
    settings = classifier_settings(given)
    examples = examples_of_set(packed, settings)
    return make_plan(settings, examples), examples


def set_facts(packed: PackedSet) -> dict[str, Any]:
    """What a classifier's settings.json keeps of its set."""
    return {
        "name": packed.name,
        "fingerprint": packed.fingerprint,
        "height": packed.height,
        "width": packed.width,
        "channels": packed.channels,
        "labels": list(packed.label_names),
        "fit": packed.description.get("fit", "crop"),
        "background": packed.description.get("background", "white"),
    }


def _begun(plan: Plan, looks: Looks, examples: Examples, facts: dict[str, Any] | None) -> Network:
    with torch.random.fork_rng():
        torch.manual_seed(plan.settings.seed)
        return build(plan.settings, looks, len(examples.names), facts)


def _unfinished(
    studio: StudioFolder, packed: PackedSet, name: str | None, asked: dict[str, Any]
) -> ClassifierFolder | None:
    """The classifier that the same command began and did not finish. Raises InputError for a name that is taken."""
    if name is not None:
        folder = ClassifierFolder(studio.classifiers / checked_name("classifier", name))
        if name == NEWEST:
            raise InputError(f"classifier name {NEWEST!r} cannot be used: it stands for the newest classifier")
        if not folder.path.exists():
            return None
        if folder.finished:
            raise InputError(f"classifier {name} exists and is finished: choose another --name")
        if not _same(folder, packed, asked):
            raise InputError(
                f"classifier {name} is unfinished, with another set or other settings: choose another --name"
            )
        return folder
    for folder in reversed(classifiers(studio)):
        with suppress(InputError):  # a damaged one of long ago is no reason not to learn
            if not folder.finished and _same(folder, packed, asked):
                return folder
    return None


def _same(folder: ClassifierFolder, packed: PackedSet, asked: dict[str, Any]) -> bool:
    record = folder.read_settings()
    ours = (record["set"]["name"], record["set"]["fingerprint"]) == (packed.name, packed.fingerprint)
    return ours and record["asked"] == asked


def _new(
    studio: StudioFolder,
    packed: PackedSet,
    plan: Plan,
    examples: Examples,
    network: Network,
    asked: dict[str, Any],
    name: str | None,
) -> ClassifierFolder:
    names = (f"{packed.name[:58]}-{i}" for i in count(1))
    free = name or next(each for each in names if not (studio.classifiers / each).exists())
    folder = ClassifierFolder(studio.classifiers / free)
    parts = {part: len(getattr(examples, part)) for part in ("train", "validation", "test")}
    record = {
        "settings": plan.settings.model_dump(),
        "asked": asked,
        "choices": [{"name": c.name, "value": c.value, "reason": c.reason} for c in plan.choices],
        "set": set_facts(packed),
        "pictures": parts,
        "facts": network.facts,
        "made_at": dt.datetime.now(dt.UTC).isoformat(),
        "versions": {"ganvas": __version__, "torch": torch.__version__},
    }
    folder.write_json("settings.json", record)
    return folder


def _calibrated(network: Network, examples: Examples, settings: ClassifierSettings) -> tuple[float, dict[str, Any]]:
    """The temperature that suits the validation pictures, and how they were told."""
    truth = examples.labels[examples.validation]
    logits = logits_of(network, examples.pictures, examples.validation, settings)
    heat = temperature(logits, truth)
    marks = marks_of(logits, truth, examples.names, heat)
    before, after = marks.calibration_error
    return heat, {
        "pictures": marks.n,
        "accuracy": round(marks.accuracy, 5),
        "cross_entropy": round(marks.cross_entropy[1], 5),
        "calibration_error": round(after, 5),
        "calibration_error_as_learned": round(before, 5),
    }


def _finish(
    folder: ClassifierFolder,
    network: Network,
    examples: Examples,
    plan: Plan,
    training: Training,
    progress: Progress,
) -> None:
    heat, validation = _calibrated(network, examples, plan.settings)
    state = training.state
    write_whole(folder.path / CURVES_FILE, history_png(state.history))
    seen = {"images": state.images, "seconds": round(state.seconds, 1)}
    folder.finish(portable(network.state_dict()), {**seen, "temperature": heat, "validation": validation})
    progress.note(
        f"{folder.name}: {state.images:,} pictures seen in {state.seconds:,.0f} s; {validation['accuracy']:.2%} of "
        f"{validation['pictures']:,} validation pictures right"
    )
