"""Everything on one machine, without containers: Airflow's embedded stack, and the offline demo."""
