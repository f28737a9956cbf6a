"""Expressions over the rows of a table mean what they mean in the catalog."""

from __future__ import annotations

import pytest

from ganvas.catalog import Catalog, FoundPicture
from ganvas.catalog.expression import parse
from ganvas.catalog.patterns import matcher
from ganvas.collect.sources.csv_where import row_condition
from ganvas.errors import InputError

COLUMNS = ["Object ID", "Object Name", "Title", "Object Begin Date", "Is Public Domain", "AccessionYear"]
ROWS = [
    ["1", "Vase", "Terracotta vase", "-535", "True", "1919"],
    ["2", "VASE fragment", "it's 100%_of\\x", "1700", "False", "1919.5"],
    ["3", "Jar", "größe ÉCLAIR", "ca. 1700", "True", ""],
    ["4", "vase", "", "", "False", "0042"],
    ["5", "Bowl with lid", "*[x]? a\nb", "1e3", "True", "1700"],
    ["6", "", "Ärmel", "900", "False", "1000"],
]
EXPRESSIONS = [
    "\"Object Name\" ilike '%vase%'",
    "\"Object Name\" ilike '%vase%' and \"Is Public Domain\" = 'True'",
    "\"Object Name\" like 'vase'",
    "\"Object Name\" not like 'V%' or title ilike '%éclair'",
    "title like '%\\%\\_%'",
    "title ilike 'GRÖSSE%' or title ilike 'GRÖßE%'",
    "title like '*[x]_ a%b'",
    "title like '%a_b'",
    "title like '%' and not title like '%%e%e%'",
    "title = 'it''s 100%_of\\x'",
    "title > 'a' or title < 'T'",
    "title between 'A' and 'Z'",
    "object_begin_date < 1000",
    "object_begin_date >= 1700 or objectbegindate = -535",
    '1000 > "Object Begin Date"',
    '"Object Begin Date" between -1000 and 900',
    "\"Object Begin Date\" in (900, '1700', 'ca. 1700', 5)",
    "\"Object Begin Date\" not in ('900')",
    '"Object Begin Date" != 900',
    "accession_year = 42 or AccessionYear = '1919'",
    "accessionyear > 1919",
    '"Title" is null',
    '"Object Name" is not null and not (object_id = 1 or "Object ID" in (2, 3))',
    "not (\"Title\" is null or title ilike '%a%') or object_id >= 6",
    '"Object ID" = "AccessionYear" or title = "Object Name"',
]


@pytest.fixture
def in_catalog(catalog: Catalog) -> Catalog:
    """The rows as items' metadata; an empty cell is null."""
    pictures = []
    for number, row in enumerate(ROWS):
        details = {name: cell or None for name, cell in zip(COLUMNS, row, strict=True)}
        # the catalog's items have titles of their own, which come before metadata
        title, name = row[2] or None, row[0]
        pictures.append(
            FoundPicture(f"{number:064x}", 1, "PNG", 1, 1, "RGB", 1, None, "met", name, title=title, details=details)
        )
    catalog.add_found(pictures)
    return catalog


def chosen(expression: str) -> set[str]:
    fulfils = row_condition(parse(expression), expression, COLUMNS)
    return {row[0] for row in ROWS if fulfils(row)}


def test_each_expression_means_what_it_means_in_the_catalog(in_catalog: Catalog) -> None:
    hashes = {image.id: int(image.sha256, 16) for image in in_catalog.images()}
    for expression in EXPRESSIONS:
        expected = {ROWS[hashes[id]][0] for id in in_catalog.matching(expression)}
        assert chosen(expression) == expected, expression


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('"Is Public Domain"', "135"),
        ('not "Is Public Domain"', "246"),
        ("is_public_domain = false", "246"),
        ("\"Is Public Domain\" in (true, 'False')", "123456"),
        ("\"Object Name\" = ''", "6"),
        ("\"Object Name\" != ''", "12345"),
        ("\"Object Begin Date\" < 'x'", "12356"),
        ('"Object Begin Date" < "AccessionYear"', "126"),  # as numbers: 900 < 1000
        ('"Object ID" <= "Object ID"', "123456"),
    ],
)
def test_what_a_table_adds(expression: str, found: str) -> None:
    assert "".join(sorted(chosen(expression))) == found


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        ("\"Objct Name\" = 'x'", "at character 1: no column is called Objct Name. Did you mean Object Name?"),
        ("title = 'x' and nonsense > 3", "at character 17: no column is called nonsense. There is: "),
        ('title = "vase"', "(A text stands in single quotes.)"),
        ("\"object name\" = 'x'", "no column is called object name. Did you mean Object Name?"),
        ("title like title", "at character 12: a pattern is a text in single quotes"),
        ("title ilike 3", "a pattern is a text in single quotes"),
        ("'a' = 'a'", "at character 1: a name is expected here"),
        ("3 in (3)", "a name is expected here"),
        ("3 is null", "a value is never null"),
        ("is_public_domain > true", "true and false have no order"),
    ],
)
def test_what_cannot_be_is_one_line_with_its_place(expression: str, line: str) -> None:
    with pytest.raises(InputError) as raised:
        row_condition(parse(expression), expression, COLUMNS)
    assert line in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.timeout(60)
def test_a_pattern_made_to_take_for_ever_does_not() -> None:
    """A pattern turned into one regular expression would go back some 10^20 times."""
    match = matcher("%a" * 30 + "%b", any_case=True)
    assert not match("a" * 5000)
    assert match("A" * 5000 + "b")


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("", "", True),
        ("", "a", False),
        ("%", "", True),
        ("a%a", "a", False),
        ("a%a", "aa", True),
        ("%ab%ab", "xab", False),
        ("_%_", "a", False),
        ("_%_", "ab", True),
        ("%_b", "ab\nb", True),
        ("a", "a\n", False),
        ("%a", "a\n", False),
        ("\\%\\", "%\\", True),
    ],
)
def test_a_pattern_fits_a_whole_text(pattern: str, text: str, fits: bool) -> None:
    assert matcher(pattern, any_case=False)(text) is fits
