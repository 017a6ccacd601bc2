"""The kinds of servers, as data. From the sources of each and from recorded answers."""

from collections.abc import Mapping
from types import MappingProxyType

from tests.servers.processes.personality import (
    DeployAnswer,
    Dismissal,
    ErrorForm,
    ExecutionBody,
    HrefForm,
    Keying,
    Logs,
    Paging,
    Personality,
    RawForm,
    Undeployment,
    UnitForm,
)
from tests.servers.processes.quirk import quirks

PART1 = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"
PART2 = "http://www.opengis.net/spec/ogcapi-processes-2/1.0/conf/"
DEPLOYS = (f"{PART2}deploy-replace-undeploy", f"{PART2}ogcapppkg", f"{PART2}cwl")
LISTS = (f"{PART1}job-list", f"{PART1}dismiss")

STANDARD = Personality(name="standard", conformance=(*LISTS, *DEPLOYS), deploys=True)

STRICT_V2 = Personality(
    name="strict-v2",
    quirks=quirks(8, 46, 47),
    conformance=tuple(uri.replace("processes-1/1.0", "processes-1/2.0") for uri in LISTS),
    version="2.0",
    id_members=("id",),
)

ZOO = Personality(
    name="zoo",
    quirks=quirks(
        3, 4, 8, 10, 11, 12, 14, 17, 18, 19, 21, 22, 23, 25, 27, 29, 30, 33, 34, 35, 36, 37, 38, 41, 43, 44, 45, 48, 50
    ),
    title="The ZOO-Project with DRU support for CWL deployment through OGC API - Processes - Part 2",
    headers={
        "Server": "Apache/2.4.71 (Debian)",
        "X-Powered-By": "ZOO-Project-DRU",
        "X-Also-Powered-By": "jwt.securityIn",
        "X-Also-Also-Powered-By": "dru.securityIn",
    },
    conformance=(*LISTS, f"{PART1}callback", *DEPLOYS),
    deploys=True,
    id_members=("id", "jobID"),
    paging=Paging.SKIP,
    dismissal=Dismissal.DELETED,
    # A JSON package posted as application/cwl+json is refused, as cwl+yaml taken.
    package_types=("application/cwl", "application/cwl+yaml", "application/ogcapppkg+json", "application/json"),
    unit_form=UnitForm.FORMATTED,
    error_form=ErrorForm.ZOO,
    logs=Logs.LINKS,
    href_form=HrefForm.S3,
    base="/{namespace}/ogc-api",
    inside="http://zoo-project-dru-service",
)

WEAVER = Personality(
    name="weaver",
    quirks=quirks(2, 9, 13, 14, 17, 19, 20, 24, 26, 27, 30, 31, 40, 41, 46, 49, 50),
    title="Weaver",
    headers={"Server": "Weaver/6.9.0"},
    conformance=(
        *LISTS,
        *DEPLOYS,
        "http://www.opengis.net/spec/ogcapi-processes-1/2.0/conf/job-list",
        "http://www.opengis.net/spec/ogcapi-processes-1/2.0/req/core/process-execute-op",
        "http://www.opengis.net/spec/eoap-bp/1.0",
        # Two entries that a missing comma made one.
        f"{PART1}callbackhttp://www.opengis.net/spec/ogcapi-processes-4/1.0/conf/jm/create/post-op",
    ),
    deploys=True,
    runs_async=True,
    execution_body=ExecutionBody.LOCATION,
    words={"successful": "succeeded", "running": "started", "dismissed": "dismissed"},
    paging=Paging.PAGE,
    dismissal=Dismissal.GONE,
    unit_form=UnitForm.UNIT,
    deploy_answer=DeployAnswer.NESTED,
    undeployment=Undeployment.NEWEST_ONLY,
    error_form=ErrorForm.WEAVER,
    logs=Logs.RESOURCES,
    raw_form=RawForm.LINKS,
    base="/weaver",
    https_relations=False,
    naive_times=False,
    inside="http://weaver:4001",
)

PYGEOAPI = Personality(
    name="pygeoapi",
    quirks=quirks(1, 5, 14, 15, 16, 17, 27, 29, 32, 40, 45, 49, 50),
    title="pygeoapi default instance",
    headers={"X-Powered-By": "pygeoapi 0.21.0", "Content-Language": "en-US"},
    conformance=(f"{PART1}callback",),
    status_stays_accepted=True,
    null_body=True,
    paging=Paging.OFFSET,
    pages_processes=False,
    job_list_missing=False,
    dismissal=Dismissal.LEFT_RUNNING,
    error_form=ErrorForm.PYGEOAPI,
    keying=Keying.ID_AND_VALUE,
    naive_times=False,
    inside="http://localhost:5000",
)

GEOSERVER = Personality(
    name="geoserver",
    quirks=quirks(5, 14, 15, 27, 28, 31, 40, 41),
    title="GeoServer Processes services",
    conformance=(
        f"{PART1}dismiss",
        f"{PART1}html",
        "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/kvp-execute",
    ),
    paging=Paging.OFFSET,
    job_list_missing=True,
    error_form=ErrorForm.GEOSERVER,
    raw_form=RawForm.BYTES,
    always_raw=True,
    base="/geoserver/ogc/processes/v1",
    https_relations=False,
)

JAVAPS = Personality(
    name="javaps",
    quirks=quirks(5, 15, 32, 37, 41),
    title="52°North javaPS",
    reads_prefer=False,
    job_list_missing=True,
    keying=Keying.OUTPUTS,
    base="/javaps/rest",
    https_relations=False,
    jobs_below_process=True,
    old_descriptions=True,
)

MAAP = Personality(
    name="maap",
    quirks=quirks(6, 7, 8, 9, 14, 18, 19, 20, 26, 27, 29, 32, 33, 39, 41, 49),
    title="MAAP API",
    conformance=(*LISTS, *DEPLOYS),
    deploys=True,
    runs_async=True,
    id_members=("jobID", "id"),
    words={"accepted": "queued", "dismissed": "dismissed", "successful": "successful", "failed": "failed"},
    paging=Paging.OFFSET,
    package_types=("application/json", "application/ogcapppkg+json"),
    unit_form=UnitForm.TEXT,
    deploy_answer=DeployAnswer.JOB,
    undeployment=Undeployment.DETAIL,
    error_form=ErrorForm.MAAP,
    keying=Keying.ADDITIONAL_PROP,
    href_form=HrefForm.S3_PORT_80,
    base="/api/ogc",
    https_relations=False,
    naive_times=True,
)

UNITY = Personality(
    name="unity",
    quirks=quirks(5, 18, 19, 20, 41),
    runs_async=True,
    title="Unity Processing API conforming to the OGC API - Processes - Part 1 standard (unity-sps)",
    conformance=(*LISTS, *DEPLOYS),
    deploys=True,
    package_types=("application/ogcapppkg+json",),
    unit_form=UnitForm.HREF,
    deploy_answer=DeployAnswer.EMPTY,
    base="/dev/ogc/api",
    https_relations=False,
)

ECMWF = Personality(
    name="ecmwf",
    quirks=quirks(9, 27, 30, 33, 41, 49),
    runs_async=True,
    title="CADS Processing API (ECMWF)",
    conformance=LISTS,
    words={"failed": "rejected", "dismissed": "deleted"},
    error_form=ErrorForm.ECMWF,
    logs=Logs.METADATA,
    href_form=HrefForm.RELATIVE,
    base="/api/retrieve/v1",
    https_relations=False,
)

FASTPROCESSES = Personality(
    name="fastprocesses",
    quirks=quirks(7, 29, 40, 49),
    title="OGC API Processes",
    # Two entries that a missing comma made one.
    conformance=(f"{PART1}json{PART1}job-list",),
    dismisses=False,
    runs_async=True,
    execution_body=ExecutionBody.SHORT,
    relative_location=True,
    naive_times=False,
)

PERSONALITIES: Mapping[str, Personality] = MappingProxyType(
    {
        one.name: one
        for one in (
            *(STANDARD, STRICT_V2, ZOO, WEAVER, PYGEOAPI, GEOSERVER, JAVAPS, MAAP, UNITY, ECMWF, FASTPROCESSES),
        )
    }
)
