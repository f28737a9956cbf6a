"""The files of one classifier, classifiers/NAME/: JSON, safetensors and pictures, each written whole or not at all.

settings.json (what it is), history.jsonl (a line a check), training.safetensors (while it learns: all there is to go on
from), then weights.safetensors and state.json (temperature, checksum), and after a test test.json and its pictures.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from ganvas.errors import InputError, did_you_mean
from ganvas.pictures.packed import PackedSet
from ganvas.record_folder import SETTINGS_FILE, RecordFolder
from ganvas.studio import StudioFolder
from ganvas.whole import write_whole

if TYPE_CHECKING:
    from torch import Tensor

STATE_FILE = "state.json"
WEIGHTS_FILE = "weights.safetensors"
TRAINING_FILE = "training.safetensors"
HISTORY_FILE = "history.jsonl"
TEST_FILE = "test.json"
CURVES_FILE = "curves.png"
CONFUSION_FILE = "confusion.png"
PREDICTIONS_FILE = "predictions.png"
NEWEST = "last"


class ClassifierFolder(RecordFolder):
    """Paths and records of a classifier; also where its training is kept."""

    kind = "classifier"
    record = {
        "settings": ("backbone", "seed"),
        "set": ("name", "fingerprint", "height", "width", "channels", "labels", "fit", "background"),
        "asked": (),
        "facts": (),
    }

    @property
    def made_at(self) -> str:
        """When its training began, in ISO 8601; empty where settings.json is damaged."""
        try:
            return str(self.read_settings().get("made_at", ""))
        except InputError:
            return ""

    @property
    def finished(self) -> bool:
        return (self.path / STATE_FILE).is_file()

    def read_state(self) -> dict[str, Any]:
        """What state.json holds. Raises InputError where the classifier is not finished, or the file is damaged."""
        if not self.finished:
            raise InputError(f"classifier {self.name} has not learned to the end: the same command goes on with it")
        try:
            state = json.loads((self.path / STATE_FILE).read_text(encoding="utf-8"))
            float(state["temperature"]), str(state["sha256"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self.damaged(STATE_FILE, error) from error
        return dict(state)

    def read_weights(self) -> dict[str, Tensor]:
        """The weights that state.json describes. Raises InputError where they are missing, cut short or others."""
        from safetensors import SafetensorError
        from safetensors.torch import load

        expected = self.read_state()["sha256"]
        try:
            data = (self.path / WEIGHTS_FILE).read_bytes()
            if hashlib.sha256(data).hexdigest() != expected:
                raise ValueError("not the bytes that were written")
            return load(data)
        except (OSError, ValueError, SafetensorError) as error:
            raise self.damaged(WEIGHTS_FILE, error) from error

    def keep(self, tensors: dict[str, dict[str, Tensor]], state: dict[str, Any]) -> None:
        """All there is to go on from, in one file, so that no kill can leave two that do not belong together."""
        from safetensors.torch import save

        flat = {f"{part}/{name}": value for part, own in tensors.items() for name, value in own.items()}
        lines = "".join(json.dumps(row) + "\n" for row in state["history"])
        write_whole(self.path / TRAINING_FILE, save(flat, {"state": json.dumps(state)}))
        write_whole(self.path / HISTORY_FILE, lines.encode())

    def kept(self) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]] | None:
        """What `keep` wrote last; None where nothing was kept. Raises InputError for a damaged file."""
        from safetensors import SafetensorError, safe_open

        path = self.path / TRAINING_FILE
        if not path.exists():
            return None
        tensors: dict[str, dict[str, Tensor]] = {"network": {}, "best": {}, "optimizer": {}}
        try:
            with safe_open(path, "pt") as file:
                state = json.loads(file.metadata()["state"])
                for full_name in file.keys():  # noqa: SIM118
                    part, _, name = full_name.partition("/")
                    tensors[part][name] = file.get_tensor(full_name)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise self.damaged(TRAINING_FILE, error) from error
        return tensors, state

    def finish(self, weights: dict[str, Tensor], state: dict[str, Any]) -> None:
        """Write the learned weights, then the state that makes the classifier a finished one."""
        from safetensors.torch import save

        data = save(weights)
        write_whole(self.path / WEIGHTS_FILE, data)
        self.write_json(STATE_FILE, {**state, "sha256": hashlib.sha256(data).hexdigest()})
        (self.path / TRAINING_FILE).unlink(missing_ok=True)


def classifiers(studio: StudioFolder) -> list[ClassifierFolder]:
    """Every classifier of a studio that has settings, oldest first."""
    found = (ClassifierFolder(path.parent) for path in studio.classifiers.glob(f"*/{SETTINGS_FILE}"))
    return sorted(found, key=lambda folder: (folder.made_at, folder.name))


def classifier_of_set(studio: StudioFolder, packed: PackedSet, name: str = NEWEST) -> ClassifierFolder:
    """A finished classifier of this very set, its newest if none is named. Raises InputError where there is none."""
    if name != NEWEST:
        chosen = existing_classifier(studio, name)
        if chosen.read_settings()["set"]["fingerprint"] != packed.fingerprint:
            raise InputError(f"classifier {name} has not learned the labels of set {packed.name}: name one that has")
        return chosen
    for folder in reversed([folder for folder in classifiers(studio) if folder.finished]):
        if folder.read_settings()["set"]["fingerprint"] == packed.fingerprint:
            return folder
    raise InputError(f"no classifier of set {packed.name} yet: `ganvas classify train {packed.name}` makes one")


def existing_classifier(studio: StudioFolder, name: str = NEWEST) -> ClassifierFolder:
    """A classifier by name; `last` is the newest finished one. Raises InputError with the nearest name."""
    known = classifiers(studio)
    if name == NEWEST:
        finished = [folder for folder in known if folder.finished]
        if not finished:
            raise InputError("no classifier is here yet: train one with `ganvas classify train SET`")
        return finished[-1]
    folder = studio.classifiers / name
    if folder.name != name or not folder.is_dir():
        names = [other.name for other in known]
        guess = did_you_mean(name, names) if names else " Train one with `ganvas classify train SET`."
        raise InputError(f"no classifier called {name!r}.{guess}")
    return ClassifierFolder(folder)
