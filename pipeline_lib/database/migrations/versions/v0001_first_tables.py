"""The first tables."""

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from pipeline_lib.database.column_types import Digits, Moment, as_number

revision = "1"
down_revision = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Number = sa.Numeric().with_variant(sa.REAL(), "sqlite")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "database_info",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False, comment="always 1"),
        sa.Column(
            "uuid", sa.Text, nullable=False, comment="names this database in the archives that it keeps"
        ),
        sa.Column("version", sa.Integer, nullable=False, comment="of the schema; tasks compare it"),
        sa.Column("created_at", Moment, nullable=False, comment="by the real clock"),
        sa.PrimaryKeyConstraint("id", name="database_info_pkey"),
        sa.CheckConstraint("id = 1", name="database_info_one_row_check"),
        comment="What this database is: one row",
    )
    op.create_table(
        "history_answers",
        sa.Column("id", _Id, nullable=False, comment="key"),
        sa.Column("coin", sa.Text, nullable=False, comment="CoinGecko id"),
        sa.Column("vs_currency", sa.Text, nullable=False, comment="the currency that prices are in"),
        sa.Column("start", Moment, nullable=False, comment="the first moment that was asked for"),
        sa.Column("end", Moment, nullable=False, comment="the last one"),
        sa.Column("requested_at", Moment, nullable=False, comment="by the real clock"),
        sa.Column("url", sa.Text, nullable=False, comment="of the request; holds no key"),
        sa.Column("body", sa.LargeBinary, nullable=False, comment="of the answer, byte for byte"),
        sa.PrimaryKeyConstraint("id", name="history_answers_pkey"),
        comment="Answers of CoinGecko's history, so that one call serves many runs; a cache",
    )
    op.create_index(
        "history_answers_coin_vs_currency_requested_at_index",
        "history_answers",
        ["coin", "vs_currency", "requested_at"],
    )
    op.create_table(
        "history_calls",
        sa.Column("pipeline", sa.Text, nullable=False, comment="name of the pipeline"),
        sa.Column("moment", Moment, nullable=False, comment="of the run"),
        sa.Column("calls", sa.Integer, nullable=False, comment="how many it has made, over all its tries"),
        sa.Column(
            "counted_at", Moment, nullable=False, comment="when the last one was made, by the real clock"
        ),
        sa.PrimaryKeyConstraint("pipeline", "moment", name="history_calls_pkey"),
        comment="Calls for the past that runs made, so that none makes more than it may",
    )
    op.create_table(
        "known_documents",
        sa.Column("name", sa.Text, nullable=False, comment="key"),
        sa.Column("content", sa.Text, nullable=False, comment="JSON"),
        sa.Column("changed_at", Moment, nullable=False, comment="by the real clock"),
        sa.PrimaryKeyConstraint("name", name="known_documents_pkey"),
        comment="Small documents that processes keep up to date together, as the shape of answers",
    )
    op.create_table(
        "messages",
        sa.Column("id", _Id, nullable=False, comment="key"),
        sa.Column(
            "channel", sa.Text, nullable=False, comment="variable or connection that holds the webhook"
        ),
        sa.Column("run_moment", Moment, nullable=False, comment="of the runs whose events it carries"),
        sa.Column("payload", sa.Text, comment="JSON as it was sent"),
        sa.Column("status", sa.Text, nullable=False, comment="sending, delivered, undelivered, unknown"),
        sa.Column("started_at", Moment, nullable=False, comment="when it was reserved, by the real clock"),
        sa.Column("finished_at", Moment, comment="when its sending ended, by the real clock"),
        sa.Column("detail", sa.Text, comment="why it wasn't delivered, redacted"),
        sa.PrimaryKeyConstraint("id", name="messages_pkey"),
        comment="Messages about events: reserved before they are sent",
    )
    op.create_table(
        "open_problems",
        sa.Column("pipeline", sa.Text, nullable=False, comment="name; may have no spec any more"),
        sa.Column("subject", sa.Text, nullable=False, comment="a task, or what else goes wrong"),
        sa.Column("since", Moment, nullable=False, comment="moment of the first run that had it"),
        sa.Column("last", Moment, nullable=False, comment="moment of the newest run that had it"),
        sa.Column("runs", sa.Integer, nullable=False, comment="how many runs had it"),
        sa.Column(
            "notified",
            sa.Text,
            nullable=False,
            comment="JSON: kind of trouble → when operators were notified",
        ),
        sa.PrimaryKeyConstraint("pipeline", "subject", name="open_problems_pkey"),
        comment="What goes wrong for a while, so that operators hear of it once a day",
    )
    op.create_table(
        "pipelines",
        sa.Column("id", _Id, nullable=False, comment="key"),
        sa.Column("name", sa.Text, nullable=False, comment="of the spec: bitcoin"),
        sa.Column(
            "arrivals", sa.BigInteger, nullable=False, comment="number of the newest arrival; 0 for none"
        ),
        sa.Column(
            "chain_sha256", sa.Text, nullable=False, comment="hash over all arrivals up to the newest one"
        ),
        sa.Column("manifest_day", Moment, comment="midnight (UTC) of the day that names the open manifest"),
        sa.PrimaryKeyConstraint("id", name="pipelines_pkey"),
        sa.UniqueConstraint("name", name="pipelines_name_key"),
        comment="One row a pipeline; its lock orders the arrivals",
    )
    op.create_table(
        "quarantine",
        sa.Column("id", _Id, nullable=False, comment="key"),
        sa.Column("pipeline", sa.Text, nullable=False, comment="name of the pipeline"),
        sa.Column("coin", sa.Text, nullable=False, comment="CoinGecko id"),
        sa.Column("moment", Moment, nullable=False, comment="of the run"),
        sa.Column("kind", sa.Text, nullable=False, comment="what is wrong: invalid-quote"),
        sa.Column(
            "answer_sha256", sa.Text, nullable=False, comment="of the answer, or of the reason without one"
        ),
        sa.Column("reason", sa.Text, nullable=False, comment="for people, redacted"),
        sa.Column("url", sa.Text, comment="of the request; holds no key"),
        sa.Column("requested_at", Moment, comment="by the real clock"),
        sa.Column("status", sa.Integer, nullable=False, comment="HTTP status"),
        sa.Column("answer", sa.LargeBinary, comment="what came, as far as it was kept"),
        sa.PrimaryKeyConstraint("id", name="quarantine_pkey"),
        sa.UniqueConstraint(
            "pipeline",
            "coin",
            "moment",
            "kind",
            "answer_sha256",
            name="quarantine_pipeline_coin_moment_kind_answer_sha256_key",
        ),
        comment="Answers that became no observation, each with its reason",
    )
    op.create_index("quarantine_pipeline_moment_index", "quarantine", ["pipeline", "moment"])
    op.create_table(
        "shared_answers",
        sa.Column("id", _Id, nullable=False, comment="key"),
        sa.Column("vs_currency", sa.Text, nullable=False, comment="the currency that prices are in"),
        sa.Column("moment", Moment, nullable=False, comment="of the runs that share it"),
        sa.Column("page", sa.Integer, nullable=False, comment="0, 1, …"),
        sa.Column(
            "coins", sa.Text, nullable=False, comment="JSON list of the CoinGecko ids that are asked for"
        ),
        sa.Column("planned_at", Moment, nullable=False, comment="by the real clock"),
        sa.Column("asker", sa.Text, comment="JSON: the process that asks, for those that wait"),
        sa.Column("url", sa.Text, comment="of the request; holds no key"),
        sa.Column("requested_at", Moment, comment="of the answer; null while there is none"),
        sa.Column("body", sa.LargeBinary, comment="of the answer, byte for byte"),
        sa.Column("failed_at", Moment, comment="when the last try to get it failed"),
        sa.Column("failure", sa.Text, comment="JSON: why"),
        sa.PrimaryKeyConstraint("id", name="shared_answers_pkey"),
        sa.UniqueConstraint(
            "vs_currency", "moment", "page", name="shared_answers_vs_currency_moment_page_key"
        ),
        comment="Answers of current quotes that pipelines of one currency and moment share; a cache",
    )
    op.create_index("shared_answers_requested_at_index", "shared_answers", ["requested_at"])
    op.create_table(
        "arrivals",
        sa.Column(
            "pipeline_id",
            _Id,
            sa.ForeignKey("pipelines.id", name="arrivals_pipeline_id_fkey"),
            nullable=False,
            comment="of the pipeline",
        ),
        sa.Column(
            "number", sa.BigInteger, nullable=False, autoincrement=False, comment="1, 2, …: order of arrival"
        ),
        sa.Column("moment", Moment, nullable=False, comment="of the run"),
        sa.Column("part", sa.Integer, nullable=False, comment="1 for the first snapshot of a moment"),
        sa.Column("json_sha256", sa.Text, nullable=False, comment="of the archived <timestamp>.json"),
        sa.Column("csv_sha256", sa.Text, nullable=False, comment="of the archived <timestamp>.csv"),
        sa.Column("chain_sha256", sa.Text, nullable=False, comment="hash over all arrivals up to this one"),
        sa.Column("manifest_day", Moment, nullable=False, comment="midnight (UTC); names its manifest"),
        sa.Column(
            "is_silent", sa.Boolean, nullable=False, comment="backfilled: its consequences alert nobody"
        ),
        sa.Column("requested_at", Moment, nullable=False, comment="by the real clock"),
        sa.PrimaryKeyConstraint("pipeline_id", "number", name="arrivals_pkey"),
        sa.UniqueConstraint("pipeline_id", "moment", "part", name="arrivals_pipeline_id_moment_part_key"),
        comment="One row a snapshot of the archive, in the order of arrival",
    )
    op.create_table(
        "manifests",
        sa.Column(
            "pipeline_id",
            _Id,
            sa.ForeignKey("pipelines.id", name="manifests_pipeline_id_fkey"),
            nullable=False,
            comment="of the pipeline",
        ),
        sa.Column("day", Moment, nullable=False, comment="midnight (UTC) of the day that names it"),
        sa.Column("sha256", sa.Text, nullable=False, comment="of its bytes, which follow from arrivals"),
        sa.Column("last_arrival", sa.BigInteger, nullable=False, comment="number of its last arrival"),
        sa.PrimaryKeyConstraint("pipeline_id", "day", name="manifests_pkey"),
        comment="One row a closed manifest whose file is written; the next one is chained to it",
    )
    op.create_table(
        "publications",
        sa.Column(
            "pipeline_id",
            _Id,
            sa.ForeignKey("pipelines.id", name="publications_pipeline_id_fkey"),
            nullable=False,
            comment="of the pipeline",
        ),
        sa.Column("destination", sa.Text, nullable=False, comment="hash of endpoint, bucket and prefix"),
        sa.Column("folder", sa.Text, nullable=False, comment="raw, processed"),
        sa.Column(
            "arrival", sa.BigInteger, nullable=False, comment="all arrivals up to this one are published"
        ),
        sa.Column(
            "basis", sa.Text, nullable=False, comment="hash over what the folder was made from up to then"
        ),
        sa.Column("published_at", Moment, nullable=False, comment="by the real clock"),
        sa.PrimaryKeyConstraint("pipeline_id", "destination", "folder", name="publications_pkey"),
        comment="How far S3 has what a pipeline publishes, so that a run needn't ask",
    )
    op.create_table(
        "published_objects",
        sa.Column(
            "pipeline_id",
            _Id,
            sa.ForeignKey("pipelines.id", name="published_objects_pipeline_id_fkey"),
            nullable=False,
            comment="of the pipeline",
        ),
        sa.Column("destination", sa.Text, nullable=False, comment="hash of endpoint, bucket and prefix"),
        sa.Column("object", sa.Text, nullable=False, comment="key below the prefix"),
        sa.Column("sha256", sa.Text, nullable=False, comment="of the bytes that S3 holds"),
        sa.Column("etag", sa.Text, nullable=False, comment="that S3 gave them"),
        sa.Column("arrival", sa.BigInteger, nullable=False, comment="all arrivals up to this one are in it"),
        sa.Column("published_at", Moment, nullable=False, comment="by the real clock"),
        sa.PrimaryKeyConstraint("pipeline_id", "destination", "object", name="published_objects_pkey"),
        comment="One row an object that is replaced when it changes, as S3 confirmed it",
    )
    op.create_table(
        "unpublished_snapshots",
        sa.Column(
            "pipeline_id",
            _Id,
            sa.ForeignKey("pipelines.id", name="unpublished_snapshots_pipeline_id_fkey"),
            nullable=False,
            comment="of the pipeline",
        ),
        sa.Column("destination", sa.Text, nullable=False, comment="hash of endpoint, bucket and prefix"),
        sa.Column("arrival", sa.BigInteger, nullable=False, comment="number of its arrival"),
        sa.Column(
            "reason", sa.Text, comment="why it can't be published; null for one that waits for its turn"
        ),
        sa.PrimaryKeyConstraint("pipeline_id", "destination", "arrival", name="unpublished_snapshots_pkey"),
        comment="Snapshots that S3 lacks though later ones are published; each publication tries them again",
    )
    op.create_table(
        "series",
        sa.Column("id", _Id, nullable=False, comment="key"),
        sa.Column(
            "pipeline_id",
            _Id,
            sa.ForeignKey("pipelines.id", name="series_pipeline_id_fkey"),
            nullable=False,
            comment="of the pipeline",
        ),
        sa.Column("coin", sa.Text, nullable=False, comment="CoinGecko id"),
        sa.Column("vs_currency", sa.Text, nullable=False, comment="the currency that prices are in"),
        sa.PrimaryKeyConstraint("id", name="series_pkey"),
        sa.UniqueConstraint(
            "pipeline_id", "coin", "vs_currency", name="series_pipeline_id_coin_vs_currency_key"
        ),
        comment="One coin in one currency within one pipeline",
    )
    op.create_table(
        "events",
        sa.Column("id", _Id, nullable=False, comment="key"),
        sa.Column(
            "series_id",
            _Id,
            sa.ForeignKey("series.id", name="events_series_id_fkey"),
            nullable=False,
            comment="of the series",
        ),
        sa.Column("rule", sa.Text, nullable=False, comment="1h, 24h, z_score_7d …"),
        sa.Column("episode_since", Moment, nullable=False, comment="when its episode began"),
        sa.Column("kind", sa.Text, nullable=False, comment="fired, grown, reminded, cleared"),
        sa.Column(
            "step", sa.Integer, nullable=False, comment="greatest whole multiple of the threshold so far"
        ),
        sa.Column("moment", Moment, nullable=False, comment="of the observation that brought it about"),
        sa.Column("direction", sa.Integer, nullable=False, comment="1 above, -1 below"),
        sa.Column("value", Digits, nullable=False, comment="of the rule at the moment"),
        sa.Column(
            "value_number",
            _Number,
            sa.Computed(as_number("value"), persisted=True),
            comment="value for SQL to compute with",
        ),
        sa.Column("threshold", Digits, nullable=False, comment="of the rule"),
        sa.Column(
            "threshold_number",
            _Number,
            sa.Computed(as_number("threshold"), persisted=True),
            comment="threshold for SQL to compute with",
        ),
        sa.Column("unit", sa.Text, nullable=False, comment="of value and threshold: %, deviations"),
        sa.Column("scope", sa.Text, nullable=False, comment="what the value is of: in 24h"),
        sa.Column(
            "status", sa.Text, nullable=False, comment="pending, sending, delivered, undelivered, expired, …"
        ),
        sa.Column(
            "message_id",
            _Id,
            sa.ForeignKey("messages.id", name="events_message_id_fkey"),
            comment="the message that carries it",
        ),
        sa.Column("recorded_at", Moment, nullable=False, comment="by the real clock"),
        sa.PrimaryKeyConstraint("id", name="events_pkey"),
        sa.UniqueConstraint(
            "series_id", "rule", "kind", "moment", name="events_series_id_rule_kind_moment_key"
        ),
        comment="What rules bring about, and whether it was delivered",
    )
    op.create_index("events_series_id_moment_index", "events", ["series_id", "moment"])
    op.create_index("events_message_id_index", "events", ["message_id"])
    op.create_table(
        "latest_observations",
        sa.Column(
            "series_id",
            _Id,
            sa.ForeignKey("series.id", name="latest_observations_series_id_fkey"),
            nullable=False,
            comment="of the series",
        ),
        sa.Column("moment", Moment, nullable=False, comment="of the run (UTC)"),
        sa.Column("price", Digits, nullable=False, comment="of one coin, as it was sent"),
        sa.Column(
            "price_number",
            _Number,
            sa.Computed(as_number("price"), persisted=True),
            comment="price for SQL to compute with",
        ),
        sa.Column(
            "change_1h_percent",
            Digits,
            comment="over the last hour: as it was sent, else computed from prices",
        ),
        sa.Column(
            "change_1h_percent_number",
            _Number,
            sa.Computed(as_number("change_1h_percent"), persisted=True),
            comment="change_1h_percent for SQL to compute with",
        ),
        sa.Column(
            "change_24h_percent",
            Digits,
            comment="over the last 24 hours: as it was sent, else computed from prices",
        ),
        sa.Column(
            "change_24h_percent_number",
            _Number,
            sa.Computed(as_number("change_24h_percent"), persisted=True),
            comment="change_24h_percent for SQL to compute with",
        ),
        sa.Column("observations", sa.BigInteger, nullable=False, comment="how many the series has"),
        sa.PrimaryKeyConstraint("series_id", name="latest_observations_pkey"),
        comment="One row a series: its newest observation, for overviews",
    )
    op.create_table(
        "observations",
        sa.Column(
            "series_id",
            _Id,
            sa.ForeignKey("series.id", name="observations_series_id_fkey"),
            nullable=False,
            comment="of the series",
        ),
        sa.Column("moment", Moment, nullable=False, comment="of the run"),
        sa.Column("arrival", sa.BigInteger, nullable=False, comment="number of its snapshot in arrivals"),
        sa.Column("part", sa.Integer, nullable=False, comment="of its snapshot; the lowest part wins"),
        sa.Column("price", Digits, nullable=False, comment="of one coin, as it was sent"),
        sa.Column(
            "price_number",
            _Number,
            sa.Computed(as_number("price"), persisted=True),
            comment="price for SQL to compute with",
        ),
        sa.Column("change_1h_percent", Digits, comment="move over the last hour, as it was sent"),
        sa.Column(
            "change_1h_percent_number",
            _Number,
            sa.Computed(as_number("change_1h_percent"), persisted=True),
            comment="change_1h_percent for SQL to compute with",
        ),
        sa.Column("change_24h_percent", Digits, comment="move over the last 24 hours, as it was sent"),
        sa.Column(
            "change_24h_percent_number",
            _Number,
            sa.Computed(as_number("change_24h_percent"), persisted=True),
            comment="change_24h_percent for SQL to compute with",
        ),
        sa.Column("market_cap", Digits, comment="as it was sent"),
        sa.Column(
            "market_cap_number",
            _Number,
            sa.Computed(as_number("market_cap"), persisted=True),
            comment="market_cap for SQL to compute with",
        ),
        sa.Column("total_volume", Digits, comment="of the last 24 hours, as it was sent"),
        sa.Column(
            "total_volume_number",
            _Number,
            sa.Computed(as_number("total_volume"), persisted=True),
            comment="total_volume for SQL to compute with",
        ),
        sa.Column(
            "last_updated", Moment, nullable=False, comment="what the source says that the quote is of"
        ),
        sa.PrimaryKeyConstraint("series_id", "moment", name="observations_pkey"),
        comment="One row a series and moment; the lowest part of a moment wins",
    )
    op.create_index("observations_series_id_arrival_index", "observations", ["series_id", "arrival"])
    op.create_table(
        "outbox",
        sa.Column(
            "series_id",
            _Id,
            sa.ForeignKey("series.id", name="outbox_series_id_fkey"),
            nullable=False,
            comment="of the series",
        ),
        sa.Column(
            "channel", sa.Text, nullable=False, comment="variable or connection that holds the webhook"
        ),
        sa.Column("run_moment", Moment, nullable=False, comment="of the run that composed it"),
        sa.Column("headline", sa.Text, nullable=False, comment="one line of plain text"),
        sa.Column("blocks", sa.Text, nullable=False, comment="JSON: Slack's blocks below the headline"),
        sa.Column("event_ids", sa.Text, nullable=False, comment="JSON list: the events that it is about"),
        sa.PrimaryKeyConstraint("series_id", name="outbox_pkey"),
        comment="What waits to be sent, alone or with that of other pipelines: one place a series",
    )
    op.create_index("outbox_channel_run_moment_index", "outbox", ["channel", "run_moment"])
    op.create_table(
        "price_moves",
        sa.Column(
            "series_id",
            _Id,
            sa.ForeignKey("series.id", name="price_moves_series_id_fkey"),
            nullable=False,
            comment="of the series",
        ),
        sa.Column("moment", Moment, nullable=False, comment="of the run (UTC)"),
        sa.Column(
            "change_1h_percent",
            Digits,
            comment="over the last hour: as it was sent, else computed from prices",
        ),
        sa.Column(
            "change_1h_percent_number",
            _Number,
            sa.Computed(as_number("change_1h_percent"), persisted=True),
            comment="change_1h_percent for SQL to compute with",
        ),
        sa.Column(
            "change_24h_percent",
            Digits,
            comment="over the last 24 hours: as it was sent, else computed from prices",
        ),
        sa.Column(
            "change_24h_percent_number",
            _Number,
            sa.Computed(as_number("change_24h_percent"), persisted=True),
            comment="change_24h_percent for SQL to compute with",
        ),
        sa.Column("log_return", sa.Double, comment="natural logarithm of the price over the price before"),
        sa.Column(
            "changed_at_arrival", sa.BigInteger, nullable=False, comment="newest arrival that changed it"
        ),
        sa.PrimaryKeyConstraint("series_id", "moment", name="price_moves_pkey"),
        comment="One row a series and moment, computed from observations",
    )
    op.create_index(
        "price_moves_series_id_changed_at_arrival_index", "price_moves", ["series_id", "changed_at_arrival"]
    )
    op.create_table(
        "rule_checkpoints",
        sa.Column(
            "series_id",
            _Id,
            sa.ForeignKey("series.id", name="rule_checkpoints_series_id_fkey"),
            nullable=False,
            comment="of the series",
        ),
        sa.Column("rule", sa.Text, nullable=False, comment="1h, 24h, z_score_7d …"),
        sa.Column(
            "settings", sa.Text, nullable=False, comment="hash of the rule's settings: others have others"
        ),
        sa.Column("moment", Moment, nullable=False, comment="the last moment that counts as past"),
        sa.Column(
            "reads_from", Moment, nullable=False, comment="first observation that later readings look at"
        ),
        sa.Column(
            "episode_since", Moment, comment="of the episode that goes on at the moment; null for none"
        ),
        sa.Column("direction", sa.Integer, comment="1 above, -1 below; null for none"),
        sa.Column("step", sa.Integer, comment="greatest multiple of the threshold so far"),
        sa.Column("last_event_at", Moment, comment="moment of its last event"),
        sa.PrimaryKeyConstraint("series_id", "rule", "settings", "moment", name="rule_checkpoints_pkey"),
        comment="Where a rule's episode stood at some midnights: a run goes on from there",
    )
    op.create_table(
        "statistics_state",
        sa.Column(
            "series_id",
            _Id,
            sa.ForeignKey("series.id", name="statistics_state_series_id_fkey"),
            nullable=False,
            comment="of the series",
        ),
        sa.Column(
            "windows", sa.Text, nullable=False, comment="labels of the windows and the method, as computed"
        ),
        sa.Column("arrival", sa.BigInteger, nullable=False, comment="all observations up to this one are in"),
        sa.PrimaryKeyConstraint("series_id", name="statistics_state_pkey"),
        comment="How far the statistics of a series are computed, and which",
    )
    op.create_table(
        "window_statistics",
        sa.Column(
            "series_id",
            _Id,
            sa.ForeignKey("series.id", name="window_statistics_series_id_fkey"),
            nullable=False,
            comment="of the series",
        ),
        sa.Column("moment", Moment, nullable=False, comment="of the run (UTC)"),
        sa.Column("window", sa.Text, nullable=False, comment="label of the window: 24h, 7d, 20_rows"),
        sa.Column("mean", sa.Double, comment="of the prices in the window, the moment's own included"),
        sa.Column("std", sa.Double, comment="sample standard deviation of these prices"),
        sa.Column("count", sa.Integer, nullable=False, comment="how many prices the window has"),
        sa.Column("z_score", sa.Double, comment="(price - mean) / std"),
        sa.PrimaryKeyConstraint("series_id", "moment", "window", name="window_statistics_pkey"),
        comment="One row a series, moment and window, computed from observations",
        sqlite_with_rowid=False,
    )
    info = sa.table(
        "database_info",
        sa.column("id"),
        sa.column("uuid"),
        sa.column("version"),
        sa.column("created_at", Moment),
    )
    op.execute(info.insert().values(id=1, uuid=str(uuid4()), version=1, created_at=datetime.now(UTC)))
