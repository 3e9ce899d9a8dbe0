from pipeline_lib.specs.checks.schema import subschema
from pipeline_lib.specs.key_paths import join_path, known_paths, leaves, paths_in


def test_a_leaf_is_what_is_no_mapping_with_keys() -> None:
    data = {"a": 1, "b": {"c": [1, {"d": 2}], "e": {}}, "f": None}
    assert list(leaves(data)) == [
        (("a",), 1),
        (("b", "c"), [1, {"d": 2}]),
        (("b", "e"), {}),
        (("f",), None),
    ]


def test_every_key_of_the_schema_is_known_and_described() -> None:
    paths = known_paths()
    assert ("s3",) in paths
    assert ("thresholds", "1h") in paths
    assert len(set(paths)) == len(paths)
    assert all(subschema(path)["description"] for path in paths)
    assert all(subschema(path)["examples"] for path in paths)


def test_names_of_coins_are_paths_of_the_spec_that_holds_them() -> None:
    document = {"schedule": "@hourly", "coins": {"bitcoin": {}, "dogecoin": {"thresholds": {"1h": 6}}}}
    own = [
        ("coins", "bitcoin"),
        ("coins", "dogecoin"),
        ("coins", "dogecoin", "thresholds"),
        ("coins", "dogecoin", "thresholds", "1h"),
    ]
    paths = paths_in(document)
    assert [path for path in paths if path not in known_paths()] == own
    assert [path for path in paths if path not in own] == list(known_paths())
    assert paths.index(own[-1]) < paths.index(("vs_currency",))
    assert paths_in({"coin": "bitcoin", "thresholds": {"1h": 6}}) == known_paths()


def test_a_path_is_joined_by_dots() -> None:
    assert join_path(("thresholds", "1h")) == "thresholds.1h"
