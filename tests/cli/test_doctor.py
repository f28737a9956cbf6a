"""`ganvas doctor` says what a training here would be like."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from ganvas.cli.app import app


def test_the_doctor_measures_and_gives_reasons() -> None:
    said = CliRunner().invoke(app, ["doctor", "--json"])
    assert said.exit_code == 0, said.output
    facts = json.loads(said.stdout)
    assert facts["torch"]
    assert "(" in facts["device"]
    assert "(" in facts["precision"]
    assert float(facts["matrix product"].split()[0].replace(",", "")) > 0
    assert facts["training"].endswith("with dcgan")
    assert "parameters" in facts["networks"]
    assert facts["would choose"]["loss"].startswith("relativistic (")
