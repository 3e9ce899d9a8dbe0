from pipeline_lib.database.alerting import problems
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.model.open_problem import OpenProblem
from tests.alerts.samples import at

PROBLEM = OpenProblem(at(0), at(3), 4, {"ValueError": at(1), "a “warning”": at(2)})


def test_a_problem_is_kept_replaced_and_forgotten(database: Database) -> None:
    with database.writing() as connection:
        assert problems.find(connection, "btc", ["compute"]) == {}
        problems.save(connection, "btc", "compute", OpenProblem(at(0), at(0), 1, {}))
        problems.save(connection, "btc", "compute", PROBLEM)
        problems.save(connection, "btc", "fetch", OpenProblem(at(9), at(9), 1, {}))
        assert problems.find(connection, "btc", ["compute"]) == {"compute": PROBLEM}
        problems.close(connection, "btc", "compute")
        assert problems.find(connection, "btc", ["compute"]) == {}
        assert problems.find(connection, "btc", ["fetch"]) == {"fetch": OpenProblem(at(9), at(9), 1, {})}
        assert problems.find(connection, "ether", ["fetch"]) == {}
