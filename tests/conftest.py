"""How drawn cases are run: a machine under load is no fault, so no case has a deadline.

The same cases are drawn each time; `DYNC_HYPOTHESIS=explore` draws others.
"""

import os

from hypothesis import HealthCheck, settings

slow_is_fine = [HealthCheck.too_slow]
settings.register_profile("dync", deadline=None, suppress_health_check=slow_is_fine, derandomize=True)
settings.register_profile("explore", deadline=None, suppress_health_check=slow_is_fine)
settings.load_profile(os.environ.get("DYNC_HYPOTHESIS", "dync"))
