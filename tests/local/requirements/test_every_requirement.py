"""Each requirement of each declared conformance class (OGC 18-062r2, OGC 20-044) has a test of its name.

`/req/core/job-op` is `test_core_job_op`. Left out are those that hold for optional parts this endpoint does not claim:
`/req/ogcapppkg/profile-docker` needs the class `docker`.
"""

import ast
from pathlib import Path

from mcp_ogc.local.app import CONFORMS_TO

REQUIREMENTS = {
    "core": """landingpage-op landingpage-success api-definition-op api-definition-success conformance-op
        conformance-success http pl-limit-definition pl-limit-response pl-links process-list process-list-success
        process process-success process-exception-no-such-process process-execute-op process-execute-request
        process-execute-default-outputs process-execute-inputs process-execute-input-array
        process-execute-input-inline-bbox process-execute-input-inline-binary process-execute-input-inline-mixed
        process-execute-input-inline-object process-execute-input-ref process-execute-input-validation
        process-execute-default-execution-mode process-execute-auto-execution-mode process-execute-sync-raw-value-one
        process-execute-sync-raw-value-multi process-execute-sync-raw-ref process-execute-sync-raw-mixed-multi
        process-execute-sync-document process-execute-success-async job-op job-success job-exception-no-such-job
        job-results job-results-async-document job-results-async-raw-value-one job-results-async-raw-value-multi
        job-results-async-raw-ref job-results-async-raw-mixed-multi job-results-exception-no-such-job
        job-results-exception-results-not-ready job-results-failed test-process""",
    "ogc-process-description": """json-encoding inputs-def input-def input-mixed-type outputs-def output-def
        output-mixed-type links""",
    "json": "definition content",
    "oas30": "oas-definition-1 oas-definition-2 completeness exceptions-codes security oas-impl",
    "job-list": """job-list-op job-list-success type-definition type-response processid-definition
        processid-mandatory processid-response status-definition status-response datetime-definition
        datetime-response duration-definition duration-response jl-limit-definition jl-limit-response links""",
    "dismiss": "job-dismiss-op job-dismiss-success",
    "deploy-replace-undeploy": """deploy-post-op deploy-content-type deploy-body deploy-response-pid
        deploy-response-success deploy-response-body deploy-response-duplicate deploy-response-immutable
        deploy-unsupported-media-type replace-put-op replace-content-type replace-body replace-response
        undeploy-delete-op undeploy-response package-get-op package-response-success package-response-body
        static-indicator""",
    "ogcapppkg": "schema body deploy-body replace-body process-description package-response-body",
    "cwl": """body deploy-body deploy-w-param deploy-exception-workflow-not-found execution-unit
        package-response-body replace-body""",
}


def names() -> set[str]:
    """Of all tests in this folder."""
    return {
        node.name
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_the_classes_are_those_that_are_declared() -> None:
    assert {uri.rsplit("/", 1)[-1] for uri in CONFORMS_TO} == set(REQUIREMENTS)


def test_each_requirement_has_a_test_of_its_name() -> None:
    expected = {
        f"test_{requirement_class}_{requirement}".replace("-", "_")
        for requirement_class, requirements in REQUIREMENTS.items()
        for requirement in requirements.split()
    }
    assert not expected - names()
