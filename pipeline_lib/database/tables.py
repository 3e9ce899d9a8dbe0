"""The tables, as the newest migration leaves them.

A series is one coin in one currency within one pipeline, and keys every row of observations, statistics and
events. Numbers that were sent or computed as decimals are kept as their digits, beside a column ``…_number``
that SQL can compute with.
"""

from typing import Any

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
)

from pipeline_lib.database.column_types import Digits, Moment, as_number

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_index",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

# SQLite counts rows up only in a column of the type INTEGER.
_Id = BigInteger().with_variant(Integer(), "sqlite")
_Number = Numeric().with_variant(REAL(), "sqlite")


def _digits(name: str, comment: str, *, nullable: bool = True) -> tuple[Column[Any], Column[Any]]:
    return (
        Column(name, Digits, nullable=nullable, comment=comment),
        Column(
            f"{name}_number",
            _Number,
            Computed(as_number(name), persisted=True),
            comment=f"{name} for SQL to compute with",
        ),
    )


database_info = Table(
    "database_info",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="always 1"),
    Column("uuid", Text, nullable=False, comment="names this database in the archives that it keeps"),
    Column("version", Integer, nullable=False, comment="of the schema; tasks compare it"),
    Column("created_at", Moment, nullable=False, comment="by the real clock"),
    CheckConstraint("id = 1", name="one_row"),
    comment="What this database is: one row",
)

pipelines = Table(
    "pipelines",
    metadata,
    Column("id", _Id, primary_key=True, comment="key"),
    Column("name", Text, nullable=False, unique=True, comment="of the spec: bitcoin"),
    Column("arrivals", BigInteger, nullable=False, comment="number of the newest arrival; 0 for none"),
    Column("chain_sha256", Text, nullable=False, comment="hash over all arrivals up to the newest one"),
    Column("manifest_day", Moment, comment="midnight (UTC) of the day that names the open manifest"),
    comment="One row a pipeline; its lock orders the arrivals",
)

series = Table(
    "series",
    metadata,
    Column("id", _Id, primary_key=True, comment="key"),
    Column("pipeline_id", _Id, ForeignKey("pipelines.id"), nullable=False, comment="of the pipeline"),
    Column("coin", Text, nullable=False, comment="CoinGecko id"),
    Column("vs_currency", Text, nullable=False, comment="the currency that prices are in"),
    UniqueConstraint("pipeline_id", "coin", "vs_currency"),
    comment="One coin in one currency within one pipeline",
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("pipeline_id", _Id, ForeignKey("pipelines.id"), primary_key=True, comment="of the pipeline"),
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="1, 2, …: order of arrival"),
    Column("moment", Moment, nullable=False, comment="of the run"),
    Column("part", Integer, nullable=False, comment="1 for the first snapshot of a moment"),
    Column("json_sha256", Text, nullable=False, comment="of the archived <timestamp>.json"),
    Column("csv_sha256", Text, nullable=False, comment="of the archived <timestamp>.csv"),
    Column("chain_sha256", Text, nullable=False, comment="hash over all arrivals up to this one"),
    Column("manifest_day", Moment, nullable=False, comment="midnight (UTC); names its manifest"),
    Column("is_silent", Boolean, nullable=False, comment="backfilled: its consequences alert nobody"),
    Column("requested_at", Moment, nullable=False, comment="by the real clock"),
    Column("missing", Text, comment="coins of the pipeline that it lacks, with spaces between"),
    UniqueConstraint("pipeline_id", "moment", "part"),
    comment="One row a snapshot of the archive, in the order of arrival",
)

manifests = Table(
    "manifests",
    metadata,
    Column("pipeline_id", _Id, ForeignKey("pipelines.id"), primary_key=True, comment="of the pipeline"),
    Column("day", Moment, primary_key=True, comment="midnight (UTC) of the day that names it"),
    Column("sha256", Text, nullable=False, comment="of its bytes, which follow from arrivals"),
    Column("last_arrival", BigInteger, nullable=False, comment="number of its last arrival"),
    comment="One row a closed manifest whose file is written; the next one is chained to it",
)

observations = Table(
    "observations",
    metadata,
    Column("series_id", _Id, ForeignKey("series.id"), primary_key=True, comment="of the series"),
    Column("moment", Moment, primary_key=True, comment="of the run"),
    Column("arrival", BigInteger, nullable=False, comment="number of its snapshot in arrivals"),
    Column("part", Integer, nullable=False, comment="of its snapshot; the lowest part wins"),
    *_digits("price", "of one coin, as it was sent", nullable=False),
    *_digits("change_1h_percent", "move over the last hour, as it was sent"),
    *_digits("change_24h_percent", "move over the last 24 hours, as it was sent"),
    *_digits("market_cap", "as it was sent"),
    *_digits("total_volume", "of the last 24 hours, as it was sent"),
    Column("last_updated", Moment, nullable=False, comment="what the source says that the quote is of"),
    Index(None, "series_id", "arrival"),
    comment="One row a series and moment; the lowest part of a moment wins",
)

latest_observations = Table(
    "latest_observations",
    metadata,
    Column("series_id", _Id, ForeignKey("series.id"), primary_key=True, comment="of the series"),
    Column("moment", Moment, nullable=False, comment="of the run (UTC)"),
    *_digits("price", "of one coin, as it was sent", nullable=False),
    *_digits("change_1h_percent", "over the last hour: as it was sent, else computed from prices"),
    *_digits("change_24h_percent", "over the last 24 hours: as it was sent, else computed from prices"),
    Column("observations", BigInteger, nullable=False, comment="how many the series has"),
    comment="One row a series: its newest observation, for overviews",
)

statistics_state = Table(
    "statistics_state",
    metadata,
    Column("series_id", _Id, ForeignKey("series.id"), primary_key=True, comment="of the series"),
    Column("windows", Text, nullable=False, comment="labels of the windows and the method, as computed"),
    Column("arrival", BigInteger, nullable=False, comment="all observations up to this one are in"),
    comment="How far the statistics of a series are computed, and which",
)

price_moves = Table(
    "price_moves",
    metadata,
    Column("series_id", _Id, ForeignKey("series.id"), primary_key=True, comment="of the series"),
    Column("moment", Moment, primary_key=True, comment="of the run (UTC)"),
    *_digits("change_1h_percent", "over the last hour: as it was sent, else computed from prices"),
    *_digits("change_24h_percent", "over the last 24 hours: as it was sent, else computed from prices"),
    Column("log_return", Double, comment="natural logarithm of the price over the price before"),
    Column("changed_at_arrival", BigInteger, nullable=False, comment="newest arrival that changed it"),
    Index(None, "series_id", "changed_at_arrival"),
    comment="One row a series and moment, computed from observations",
)

window_statistics = Table(
    "window_statistics",
    metadata,
    Column("series_id", _Id, ForeignKey("series.id"), primary_key=True, comment="of the series"),
    Column("moment", Moment, primary_key=True, comment="of the run (UTC)"),
    Column("window", Text, primary_key=True, comment="label of the window: 24h, 7d, 20_rows"),
    Column("mean", Double, comment="of the prices in the window, the moment's own included"),
    Column("std", Double, comment="sample standard deviation of these prices"),
    Column("count", Integer, nullable=False, comment="how many prices the window has"),
    Column("z_score", Double, comment="(price - mean) / std"),
    comment="One row a series, moment and window, computed from observations",
    # A row is hardly more than its key: a tree of its own for the key doubles the file.
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    metadata,
    Column("id", _Id, primary_key=True, comment="key"),
    Column("series_id", _Id, ForeignKey("series.id"), nullable=False, comment="of the series"),
    Column("rule", Text, nullable=False, comment="1h, 24h, z_score_7d …"),
    Column("episode_since", Moment, nullable=False, comment="when its episode began"),
    Column("kind", Text, nullable=False, comment="fired, grown, reminded, cleared"),
    Column("step", Integer, nullable=False, comment="greatest whole multiple of the threshold so far"),
    Column("moment", Moment, nullable=False, comment="of the observation that brought it about"),
    Column("direction", Integer, nullable=False, comment="1 above, -1 below"),
    *_digits("value", "of the rule at the moment", nullable=False),
    *_digits("threshold", "of the rule", nullable=False),
    Column("unit", Text, nullable=False, comment="of value and threshold: %, deviations"),
    Column("scope", Text, nullable=False, comment="what the value is of: in 24h"),
    Column("status", Text, nullable=False, comment="pending, sending, delivered, undelivered, expired, …"),
    Column("message_id", _Id, ForeignKey("messages.id"), comment="the message that carries it"),
    Column("recorded_at", Moment, nullable=False, comment="by the real clock"),
    # A rule has at most one event at a moment. An observation that comes late moves the beginning of an
    # episode, and its steps; what happened to it at a moment stays the same event.
    # In this order, so that the newest one of a rule is found at once.
    UniqueConstraint("series_id", "rule", "moment", "kind"),
    Index(None, "series_id", "moment"),
    Index(None, "message_id"),
    comment="What rules bring about, and whether it was delivered",
)

messages = Table(
    "messages",
    metadata,
    Column("id", _Id, primary_key=True, comment="key"),
    Column("channel", Text, nullable=False, comment="variable or connection that holds the webhook"),
    Column("run_moment", Moment, nullable=False, comment="of the runs whose events it carries"),
    Column("payload", Text, comment="JSON as it was sent"),
    Column("status", Text, nullable=False, comment="sending, delivered, undelivered, unknown"),
    Column("started_at", Moment, nullable=False, comment="when it was reserved, by the real clock"),
    Column("finished_at", Moment, comment="when its sending ended, by the real clock"),
    Column("detail", Text, comment="why it wasn't delivered, redacted"),
    comment="Messages about events: reserved before they are sent",
)

outbox = Table(
    "outbox",
    metadata,
    Column("series_id", _Id, ForeignKey("series.id"), primary_key=True, comment="of the series"),
    Column("channel", Text, nullable=False, comment="variable or connection that holds the webhook"),
    Column("run_moment", Moment, nullable=False, comment="of the run that composed it"),
    Column("headline", Text, nullable=False, comment="one line of plain text"),
    Column("blocks", Text, nullable=False, comment="JSON: Slack's blocks below the headline"),
    Column("event_ids", Text, nullable=False, comment="JSON list: the events that it is about"),
    Index(None, "channel", "run_moment"),
    comment="What waits to be sent, alone or with that of other pipelines: one place a series",
)

rule_checkpoints = Table(
    "rule_checkpoints",
    metadata,
    Column("series_id", _Id, ForeignKey("series.id"), primary_key=True, comment="of the series"),
    Column("rule", Text, primary_key=True, comment="1h, 24h, z_score_7d …"),
    Column("settings", Text, primary_key=True, comment="hash of the rule's settings: others have others"),
    Column("moment", Moment, primary_key=True, comment="the last moment that counts as past"),
    Column("reads_from", Moment, nullable=False, comment="first observation that later readings look at"),
    Column("episode_since", Moment, comment="of the episode that goes on at the moment; null for none"),
    Column("direction", Integer, comment="1 above, -1 below; null for none"),
    Column("step", Integer, comment="greatest multiple of the threshold so far"),
    Column("last_event_at", Moment, comment="moment of its last event"),
    comment="Where a rule's episode stood at some midnights: a run goes on from there",
)

open_problems = Table(
    "open_problems",
    metadata,
    Column("pipeline", Text, primary_key=True, comment="name; may have no spec any more"),
    Column("subject", Text, primary_key=True, comment="a task, or what else goes wrong"),
    Column("since", Moment, nullable=False, comment="moment of the first run that had it"),
    Column("last", Moment, nullable=False, comment="moment of the newest run that had it"),
    Column("runs", Integer, nullable=False, comment="how many runs had it"),
    Column("notified", Text, nullable=False, comment="JSON: kind of trouble → when operators were notified"),
    comment="What goes wrong for a while, so that operators hear of it once a day",
)

known_documents = Table(
    "known_documents",
    metadata,
    Column("name", Text, primary_key=True, comment="key"),
    Column("content", Text, nullable=False, comment="JSON"),
    Column("changed_at", Moment, nullable=False, comment="by the real clock"),
    comment="Small documents that processes keep up to date together, as the shape of answers",
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", _Id, primary_key=True, comment="key"),
    Column("pipeline", Text, nullable=False, comment="name of the pipeline"),
    Column("coin", Text, nullable=False, comment="CoinGecko id"),
    Column("moment", Moment, nullable=False, comment="of the run"),
    Column("kind", Text, nullable=False, comment="what is wrong: invalid-quote"),
    Column("answer_sha256", Text, nullable=False, comment="of the answer, or of the reason without one"),
    Column("reason", Text, nullable=False, comment="for people, redacted"),
    Column("url", Text, comment="of the request; holds no key"),
    Column("requested_at", Moment, comment="by the real clock"),
    Column("status", Integer, nullable=False, comment="HTTP status"),
    Column("answer", LargeBinary, comment="what came, as far as it was kept"),
    UniqueConstraint("pipeline", "coin", "moment", "kind", "answer_sha256"),
    Index(None, "pipeline", "moment"),
    comment="Answers that became no observation, each with its reason",
)

shared_answers = Table(
    "shared_answers",
    metadata,
    Column("id", _Id, primary_key=True, comment="key"),
    Column("vs_currency", Text, nullable=False, comment="the currency that prices are in"),
    Column("moment", Moment, nullable=False, comment="of the runs that share it"),
    Column("page", Integer, nullable=False, comment="0, 1, …"),
    Column("coins", Text, nullable=False, comment="JSON list of the CoinGecko ids that are asked for"),
    Column("planned_at", Moment, nullable=False, comment="by the real clock"),
    Column("asker", Text, comment="JSON: the process that asks, for those that wait"),
    Column("postponed_until", Moment, comment="when the call has its turn, if it must wait for one"),
    Column("url", Text, comment="of the request; holds no key"),
    Column("requested_at", Moment, comment="of the answer; null while there is none"),
    Column("body", LargeBinary, comment="of the answer, byte for byte"),
    Column("failed_at", Moment, comment="when the last try to get it failed"),
    Column("failure", Text, comment="JSON: why"),
    UniqueConstraint("vs_currency", "moment", "page"),
    Index(None, "requested_at"),
    comment="Answers of current quotes that pipelines of one currency and moment share; a cache",
)

history_answers = Table(
    "history_answers",
    metadata,
    Column("id", _Id, primary_key=True, comment="key"),
    Column("coin", Text, nullable=False, comment="CoinGecko id"),
    Column("vs_currency", Text, nullable=False, comment="the currency that prices are in"),
    Column("start", Moment, nullable=False, comment="the first moment that was asked for"),
    Column("end", Moment, nullable=False, comment="the last one"),
    Column("requested_at", Moment, nullable=False, comment="by the real clock"),
    Column("url", Text, nullable=False, comment="of the request; holds no key"),
    Column("body", LargeBinary, nullable=False, comment="of the answer, byte for byte"),
    Index(None, "coin", "vs_currency", "requested_at"),
    comment="Answers of CoinGecko's history, so that one call serves many runs; a cache",
)

history_calls = Table(
    "history_calls",
    metadata,
    Column("pipeline", Text, primary_key=True, comment="name of the pipeline"),
    Column("moment", Moment, primary_key=True, comment="of the run"),
    Column("calls", Integer, nullable=False, comment="how many it has made, over all its tries"),
    Column("counted_at", Moment, nullable=False, comment="when the last one was made, by the real clock"),
    comment="Calls for the past that runs made, so that none makes more than it may",
)

publications = Table(
    "publications",
    metadata,
    Column("pipeline_id", _Id, ForeignKey("pipelines.id"), primary_key=True, comment="of the pipeline"),
    Column("destination", Text, primary_key=True, comment="hash of endpoint, bucket and prefix"),
    Column("folder", Text, primary_key=True, comment="raw, processed"),
    Column("arrival", BigInteger, nullable=False, comment="all arrivals up to this one are published"),
    Column("basis", Text, nullable=False, comment="hash over what the folder was made from up to then"),
    Column("published_at", Moment, nullable=False, comment="by the real clock"),
    comment="How far S3 has what a pipeline publishes, so that a run needn't ask",
)

published_objects = Table(
    "published_objects",
    metadata,
    Column("pipeline_id", _Id, ForeignKey("pipelines.id"), primary_key=True, comment="of the pipeline"),
    Column("destination", Text, primary_key=True, comment="hash of endpoint, bucket and prefix"),
    Column("object", Text, primary_key=True, comment="key below the prefix"),
    Column("sha256", Text, nullable=False, comment="of the bytes that S3 holds"),
    Column("etag", Text, nullable=False, comment="that S3 gave them"),
    Column("arrival", BigInteger, nullable=False, comment="all arrivals up to this one are in it"),
    Column("published_at", Moment, nullable=False, comment="by the real clock"),
    comment="One row an object that is replaced when it changes, as S3 confirmed it",
)

unpublished_snapshots = Table(
    "unpublished_snapshots",
    metadata,
    Column("pipeline_id", _Id, ForeignKey("pipelines.id"), primary_key=True, comment="of the pipeline"),
    Column("destination", Text, primary_key=True, comment="hash of endpoint, bucket and prefix"),
    Column("arrival", BigInteger, primary_key=True, autoincrement=False, comment="number of its arrival"),
    Column("reason", Text, comment="why it can't be published; null for one that waits for its turn"),
    comment="Snapshots that S3 lacks though later ones are published; each publication tries them again",
)
