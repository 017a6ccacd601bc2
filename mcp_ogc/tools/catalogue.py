"""Every tool, in the fixed order in which clients see them."""

from mcp_ogc.tools import (
    comparisons,
    deployments,
    dismissals,
    exports,
    job_lists,
    jobs,
    measures,
    packages,
    processes,
    rasters,
    results,
    undeployments,
)
from mcp_ogc.tools.spec import Effect, ToolSpec
from mcp_ogc.views.app import VIEW

TOOLS = (
    ToolSpec(processes.list_endpoints, "List endpoints", "discover", Effect.READS),
    ToolSpec(processes.list_processes, "List processes", "discover", Effect.READS),
    ToolSpec(processes.describe_process, "Describe a process", "discover", Effect.READS),
    ToolSpec(jobs.execute_process, "Execute a process", "execute", Effect.SUBMITS, VIEW),
    # Without the page: clients show one for each call, and jobs are asked for again and again. The page that came with
    # the execution asks for itself.
    ToolSpec(jobs.get_job, "Get a job", "execute", Effect.READS),
    ToolSpec(job_lists.list_jobs, "List jobs", "execute", Effect.READS),
    ToolSpec(dismissals.dismiss_job, "Dismiss a job", "execute", Effect.DESTROYS),
    ToolSpec(results.get_results, "Get results", "results", Effect.READS, VIEW),
    ToolSpec(rasters.summarize_raster, "Summarize a raster", "results", Effect.READS, VIEW),
    ToolSpec(measures.measure_raster, "Measure a raster", "results", Effect.READS),
    ToolSpec(comparisons.compare_rasters, "Compare two rasters", "results", Effect.READS, VIEW),
    ToolSpec(exports.export_job, "Export a job's files", "results", Effect.SAVES),
    ToolSpec(packages.validate_package, "Check a package", "packages", Effect.READS),
    ToolSpec(deployments.deploy_process, "Deploy a process", "packages", Effect.DESTROYS),
    ToolSpec(undeployments.undeploy_process, "Undeploy a process", "packages", Effect.DESTROYS),
    ToolSpec(packages.get_package, "Get a package", "packages", Effect.READS),
)
