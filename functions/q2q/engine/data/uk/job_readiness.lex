# job_readiness
