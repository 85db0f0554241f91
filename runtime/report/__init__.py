"""Reports: what a run's folder holds, as one HTML file that needs nothing from elsewhere."""

from dync.runtime.report.write import write_report

__all__ = ["write_report"]
