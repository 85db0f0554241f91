"""How drawn cases are run: a machine under load is no fault, so no case has a deadline."""

from hypothesis import HealthCheck, settings

settings.register_profile("dync", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dync")
