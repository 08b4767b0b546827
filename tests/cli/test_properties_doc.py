"""docs/properties.md says what the code decides."""

import re

from lossproof.batch import ALIASES
from lossproof.report import properties

TEXT = properties.PLACE.read_text(encoding="utf-8")
CONTRACT = 27 + 12


def test_the_file_is_what_the_code_renders():
    assert properties.render() == TEXT


def test_each_property_has_one_line_and_the_contract_is_complete():
    ids = re.findall(r"^\| `([a-z-]+)` \|", TEXT, re.MULTILINE)
    assert len(ids) == len(set(ids)) == len(properties.of_objectives()) + len(properties.of_estimators())
    usual = [*properties.of_objectives().values(), *properties.of_estimators().values()]
    assert sum(not p.on_request for p in usual) == CONTRACT
    assert set(ALIASES) == set(properties.MEANINGS)
