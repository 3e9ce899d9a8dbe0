import tempfile,time,sys,cProfile,pstats
from pathlib import Path
from types import SimpleNamespace
from benchmarks.history import write_history, TEN_YEARS, WINDOWS
import benchmarks.history as h
import pipeline_lib.steps.replay as r
from pipeline_lib.settings import Settings
from pipeline_lib.steps.run import Services
from pipeline_lib.specs.layout import Layout
h.rebuild_processed_table=lambda *a:None
with tempfile.TemporaryDirectory() as d:
    d=Path(d); layout=Layout.below(d/"data","bitcoin"); (d/"data").mkdir()
    write_history(layout,TEN_YEARS)
    settings=Settings.from_environment({"DATA_DIR":str(d/"data")},project_folder=d)
    services=Services.from_settings(settings)
    spec=None
    (d/"dag_configs").mkdir(); (d/"dag_configs"/"bitcoin.yaml").write_text("spec_version: 1\ncoin: bitcoin\nvs_currency: usd\nschedule: '@hourly'\nwindows: [24h, 7d]\n")
    from pipeline_lib.specs import Catalog
    spec=Catalog(d/"dag_configs").load("bitcoin")
    t=time.process_time()
    for p in sorted(layout.archive.glob("*.json")):
        with p.open("rb") as f: f.read()
    print("reading", time.process_time()-t)
    for _ in range(2):
        pr=cProfile.Profile() if "-p" in sys.argv else None
        t=time.process_time()
        if pr: pr.enable()
        res=r.replay(spec,services,lambda a,b:None)
        if pr: pr.disable(); pstats.Stats(pr).sort_stats("tottime").print_stats(22)
        print("replay", time.process_time()-t, res.written, res.order.by_manifests, res.damaged[:1], res.statistics_changed, res.files)
