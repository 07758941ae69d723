"""The package of the pipeline: contracts at the bottom, domain, services, adapters above."""
