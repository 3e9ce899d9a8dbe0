import subprocess
import sys
from contextlib import closing

from pipeline_lib.common.secret import Secret
from pipeline_lib.database.connections import Database
from pipeline_lib.database.locks import try_lock

_HOLD = """
import sys
from pipeline_lib.common.secret import Secret
from pipeline_lib.database.locks import try_lock
with try_lock(Secret(sys.argv[1]), "answer") as held:
    print(held, flush=True)
    sys.stdin.read()
"""


def test_a_lock_is_one_process_at_a_time_and_goes_with_it(database_address: Secret) -> None:
    command = [sys.executable, "-c", _HOLD, database_address.reveal()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with try_lock(database_address, "answer") as held, try_lock(database_address, "another") as other:
            assert (held, other) == (False, True)
        holder.kill()
    for _ in range(200):
        with try_lock(database_address, "answer") as held:
            if held:
                break
    assert held


def test_a_lock_holds_up_no_writer(database_address: Secret) -> None:
    with (
        try_lock(database_address, "answer"),
        closing(Database(database_address)) as database,
        database.writing() as connection,
    ):
        connection.exec_driver_sql("DELETE FROM pipelines")
