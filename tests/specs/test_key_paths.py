from pipeline_lib.specs.checks.schema import subschema
from pipeline_lib.specs.key_paths import join_path, known_paths, leaves


def test_a_leaf_is_what_is_no_mapping() -> None:
    data = {"a": 1, "b": {"c": [1, {"d": 2}], "e": {}}, "f": None}
    assert list(leaves(data)) == [(("a",), 1), (("b", "c"), [1, {"d": 2}]), (("f",), None)]


def test_every_key_of_the_schema_is_known_and_described() -> None:
    paths = known_paths()
    assert ("s3",) in paths
    assert ("thresholds", "1h") in paths
    assert len(set(paths)) == len(paths)
    assert all(subschema(path)["description"] for path in paths)
    assert all(subschema(path)["examples"] for path in paths)


def test_a_path_is_joined_by_dots() -> None:
    assert join_path(("thresholds", "1h")) == "thresholds.1h"
