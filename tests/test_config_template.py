"""The commented assessment.yaml that `scaling init` writes names every key, and its examples are valid."""

import inspect
import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

import scaling_lib
from scaling_lib import config, config_evidence, config_options, config_work

TEMPLATE = (Path(scaling_lib.__file__).parent / "assessment_template.yaml").read_text(encoding="utf-8")
UNSAID = {"named"}  # a name alone stands for it
PARTS = [
    part
    for module in (config, config_evidence, config_options, config_work)
    for part in vars(module).values()
    if inspect.isclass(part) and issubclass(part, BaseModel) and part.__module__ == module.__name__
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_key_is_named(part):
    unnamed = [key for key in part.model_fields if not re.search(rf"\b({key}:|{key} or|or {key}\b)", TEMPLATE)]
    assert set(unnamed) <= UNSAID


def test_what_is_commented_out_is_valid():
    lines = [re.sub(r"^( *)# ?", r"\1", line) for line in TEMPLATE.splitlines()]  # the outermost mark alone
    start = next(number for number, line in enumerate(lines) if line.startswith("journeys:"))
    end = next(number for number, line in enumerate(lines) if line.startswith("evidence:"))
    part = "\n".join(lines[start:end]).replace("journeys: []", "journeys:")
    said = yaml.safe_load(re.sub(r"(?m)^( *)# ", r"\1", part.split("# traffic")[0]))
    (checkout, *_) = said["journeys"]
    (slo,) = [each for each in checkout["slos"] if "total_query" in each]
    made = config.Objective.model_validate(slo)
    assert made.bad_query.startswith("sum(rate(") and made.total_query and made.target == 0.999
