"""The status of pipelines, from their specs and from the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline_lib.common.timestamps import format_moment, parse_moment
from pipeline_lib.database.publication_lags import PublicationLag
from pipeline_lib.database.statistics.latest_rows import SeriesOverview
from pipeline_lib.errors import SpecNotFoundError
from pipeline_lib.model.diagnostic import Diagnostic
from pipeline_lib.model.events import Event
from pipeline_lib.specs import Catalog, Loaded, PipelineSpec, TopCoins
from pipeline_lib.specs.reading.files import SPEC_SUFFIX
from pipeline_lib.steps.overview.episodes import find_open_episodes, rule_names
from pipeline_lib.steps.overview.moments import LONGEST_RUN, DueMoments
from pipeline_lib.steps.overview.problems import (
    find_open_problems,
    find_s3_problems,
    find_series_problems,
    spec_problem,
)
from pipeline_lib.steps.overview.recorded import Recorded, read_recorded
from pipeline_lib.steps.overview.status import (
    PipelineStatus,
    Problem,
    ProblemKind,
    S3Status,
    SeriesStatus,
    SpecState,
    Status,
)
from pipeline_lib.steps.run import Services

_NO_COIN_YET = "none-yet"


def read_status(loaded: Loaded, names: Collection[str], services: Services) -> Status:
    """How pipelines are now.

    Args:
        loaded: All specs of the project, and what is wrong with them.
        names: Of the pipelines that are asked for; none for all.
        services: Reaches the database and the real clock.

    Raises:
        SpecNotFoundError: A name has neither a spec nor rows in the database.
        DatabaseError: The database can't be used.
    """
    catalog, now = Catalog(services.settings.dag_configs_dir), services.now()
    due = DueMoments(now, services.settings.pipeline_deadline or LONGEST_RUN)
    recorded = read_recorded(services.database, due.since, rule_names(loaded.specs))
    specs = _Specs.of(loaded, catalog.names())
    known = specs.names | recorded.series.keys()
    for name in names:
        if name not in known:
            hint = f"pipelines here: {', '.join(sorted(known)) or 'none'}"
            raise SpecNotFoundError(name, catalog.path_of(name), hint=hint)
    overview = _Overview(now, recorded, due)
    chosen = sorted(set(names) or known)
    concerns_all = not names or not specs.invalid.keys().isdisjoint(chosen)
    return Status(
        now=now,
        checked=len(specs.names.intersection(chosen)),
        pipelines=[
            overview.running(specs.valid[name])
            if name in specs.valid
            else overview.without_spec(name, specs.invalid.get(name))
            for name in chosen
        ],
        problems=[spec_problem(each) for each in specs.of_project] if concerns_all else [],
    )


@dataclass(frozen=True, slots=True)
class _Specs:
    """The specs of a project, and what is wrong with them.

    Attributes:
        valid: The pipelines that run, by name.
        invalid: What is wrong in the files of the others, by name; nothing where it lies elsewhere.
        of_project: What is wrong elsewhere, as in the defaults.
    """

    valid: Mapping[str, PipelineSpec]
    invalid: Mapping[str, list[Diagnostic]]
    of_project: list[Diagnostic]

    @classmethod
    def of(cls, loaded: Loaded, names: Collection[str]) -> "_Specs":
        """Sort what was loaded; ``names`` are the pipelines that have a file."""
        valid = {spec.name: spec for spec in loaded.specs}
        found = cls(valid, {name: [] for name in names if name not in valid}, [])
        for each in loaded.errors:
            name = each.file.stem if each.file and each.file.suffix == SPEC_SUFFIX else ""
            found.invalid.get(name, found.of_project).append(each)
        return found

    @property
    def names(self) -> frozenset[str]:
        """All pipelines with a file."""
        return frozenset((*self.valid, *self.invalid))


@dataclass(frozen=True, slots=True)
class _Overview:
    """Makes the status of each pipeline.

    Attributes:
        now: The real clock (UTC).
        recorded: What the database has.
        due: What schedules ask for.
    """

    now: datetime
    recorded: Recorded
    due: DueMoments

    def running(self, spec: PipelineSpec) -> PipelineStatus:
        """A pipeline with a valid spec."""
        known = self.recorded.series.get(spec.name, ())
        rows = {each.coin: each for each in known if spec.covers(each.coin, each.vs_currency)}
        members = self._members(spec, rows)
        judged = [self._judged(spec, coin, rows.get(coin)) for coin in members]
        # Coins that were among the greatest once are hundreds, and nobody's concern.
        others = [self._shown(each) for each in known if not spec.covers(each.coin, each.vs_currency)]
        own, late = _with_one_delay(spec, judged)
        open_problems = self.recorded.open_problems.get(spec.name, {})
        s3 = _s3_status(self.recorded.lags.get(spec.name, ())) if spec.s3 else None
        return PipelineStatus(
            name=spec.name,
            spec=SpecState.VALID,
            schedule=spec.schedule,
            series=[*own, *others],
            open_problems=open_problems,
            s3=s3,
            problems=[*late, *find_open_problems(open_problems), *find_s3_problems(spec.name, s3)],
        )

    def _members(self, spec: PipelineSpec, rows: Mapping[str, SeriesOverview]) -> Sequence[str]:
        """The coins of a pipeline now; of the greatest market caps those of the newest moment."""
        if not isinstance(spec.coins, TopCoins):
            return spec.coins.named
        newest = max((each.moment for each in rows.values() if each.moment), default=None)
        if newest is None:
            return (_NO_COIN_YET,)
        held = {coin for coin, each in rows.items() if each.moment == newest}
        return sorted(held | self.recorded.missing.get(spec.name, {}).get(newest, frozenset()))

    def without_spec(self, name: str, diagnostics: Sequence[Diagnostic] | None) -> PipelineStatus:
        """A pipeline whose spec is invalid, or gone.

        Args:
            name: Its name.
            diagnostics: What is wrong in its file; None when there is no file.
        """
        return PipelineStatus(
            name=name,
            spec=SpecState.GONE if diagnostics is None else SpecState.INVALID,
            schedule=None,
            series=[self._shown(each) for each in self.recorded.series.get(name, ())],
            open_problems=self.recorded.open_problems.get(name, {}),
            s3=None,
            problems=[spec_problem(each) for each in diagnostics or ()],
        )

    def _judged(self, spec: PipelineSpec, coin: str, row: SeriesOverview | None) -> SeriesStatus:
        quarantined = self.recorded.quarantined.get((spec.name, coin), 0)
        if row is None:
            status = SeriesStatus(coin, spec.vs_currency, is_in_spec=True, gaps=(), quarantined=quarantined)
        else:
            observed = self.recorded.moments.get(row.series_id, "")
            gaps = self._gaps(spec, row, observed)
            unended = self.recorded.unended.get(row.series_id, ())
            around_gaps = sorted(map(parse_moment, observed.split())) if gaps and unended else ()
            status = replace(
                self._shown(row),
                is_in_spec=True,
                gaps=gaps,
                episodes=find_open_episodes(
                    spec.of_coin(coin), unended, around_gaps, self._absences(spec, coin, observed, unended)
                ),
                quarantined=quarantined,
            )
        problems = list(find_series_problems(spec.name, status, self.due.awaited(spec)))
        return replace(status, problems=problems) if problems else status

    def _gaps(self, spec: PipelineSpec, row: SeriesOverview, observed: str) -> Sequence[datetime]:
        if not isinstance(spec.coins, TopCoins):
            return self.due.find_gaps(spec, row.first, observed) if row.first else ()
        missing = self.recorded.missing.get(spec.name, {})
        lacking = (moment for moment, coins in missing.items() if row.coin in coins)
        return sorted(moment for moment in lacking if format_moment(moment) not in observed)

    def _absences(
        self, spec: PipelineSpec, coin: str, observed: str, unended: Sequence[Event]
    ) -> Sequence[datetime]:
        """The moments since some time at which a coin was not among the greatest market caps (UTC)."""
        if not unended or not isinstance(spec.coins, TopCoins):
            return ()
        of_others = (
            self.recorded.moments.get(each.series_id, "") for each in self.recorded.series[spec.name]
        )
        moments = {moment for text in of_others for moment in text.split()}.difference(observed.split())
        missing = self.recorded.missing.get(spec.name, {})
        absent = map(parse_moment, moments)
        return sorted(moment for moment in absent if coin not in missing.get(moment, ()))

    def _shown(self, row: SeriesOverview) -> SeriesStatus:
        return SeriesStatus(
            coin=row.coin,
            vs_currency=row.vs_currency,
            is_in_spec=False,
            moment=row.moment,
            age=self.now - row.moment if row.moment else None,
            price=row.price,
            change_1h_percent=row.change_1h_percent,
            change_24h_percent=row.change_24h_percent,
            undelivered=self.recorded.undelivered.get(row.series_id, 0),
        )


def _with_one_delay(
    spec: PipelineSpec, series: Sequence[SeriesStatus]
) -> tuple[Sequence[SeriesStatus], Sequence[Problem]]:
    """Series, and one problem of the pipeline in the place of the same one of each of many coins."""
    delays = [each for one in series for each in one.problems if each.kind is ProblemKind.LATE]
    if spec.has_one_coin or len(delays) < len(series) or not delays:
        return series, ()
    others = [
        replace(one, problems=[each for each in one.problems if each.kind is not ProblemKind.LATE])
        for one in series
    ]
    return others, delays[:1]


def _s3_status(lags: Sequence[PublicationLag]) -> S3Status:
    """How far the destination is that was published to last; there may be former ones."""
    newest = max(lags, key=lambda lag: lag.published_at, default=None)
    if newest is None:
        return S3Status(None)
    folders = (lag for lag in lags if lag.destination == newest.destination)
    worst = max(folders, key=lambda lag: (lag.is_of_closed_day, lag.arrivals))
    return S3Status(
        published_at=newest.published_at,
        behind=worst.arrivals,
        refused=worst.refused,
        oldest=worst.oldest,
        is_behind_a_day=worst.is_of_closed_day,
    )
