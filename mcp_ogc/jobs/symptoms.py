"""What failed jobs print, and the cause it stands for: one table, read from the top.

The order is the precedence. What the platform says of a container stands before what the program in it says, that
before what a runner says of the program, and what a wrapper says of all of them is no symptom at all: Kubernetes'
"Job has reached the specified backoff limit" is true of every failure. Patterns are searched in single lines without
case, and have no nested repetition: the text is a server's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why a job failed, as far as someone can act on it."""

    INPUTS = "inputs"
    IMAGE_PULL = "image pull"
    OUT_OF_MEMORY = "out of memory"
    UNSCHEDULABLE = "unschedulable"
    TIME_LIMIT = "time limit"
    DISK_FULL = "disk full"
    STAGE_IN = "stage-in"
    APPLICATION = "application"
    STAGE_OUT = "stage-out"
    GATEWAY = "gateway time-out"
    AUTHENTICATION = "authentication"
    ENDPOINT = "endpoint"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What decides, beside the cause, what to try next."""

    REFUSED = "refused"
    PACKAGE = "package"


@dataclass(frozen=True, slots=True)
class Symptom:
    """A pattern of one line, and what it means."""

    cause: Cause
    reason: str
    """In plain words, a sentence without its stop."""
    pattern: str
    healed_by: str = ""
    """What a later line of the same text says where it passed by itself."""
    told_only: bool = False
    """Whether it counts only in what the endpoint itself says: in a program's log it is of something else."""
    kind: Kind | None = None


STARTED = r"Successfully assigned|Successfully pulled|Started container|\bphase:? Running|status Running"

SYMPTOMS: tuple[Symptom, ...] = (
    # --- Kubernetes: reasons of waiting and terminated containers, kubelet events (k8s.io/docs/reference, kubelet
    # pkg/kubelet/images/types.go); what docker, podman and singularity print as cwltool starts them
    Symptom(
        Cause.IMAGE_PULL,
        "a container image could not be pulled",
        r"\b(ImagePullBackOff|ErrImagePull|ErrImageNeverPull|InvalidImageName|ImageInspectError|RegistryUnavailable)\b"
        r"|Back-off pulling image|Failed to pull image|pull access denied|manifest unknown"
        r"|manifest for \S+ not found|repository \S+ not found: does not exist|no matching manifest for"
        r"|failing to pull|failed to pull( |$)|unable to copy from source docker://"
        r"|unauthorized: access to the requested resource"
        r"|reading manifest .{0,120}(unknown|unauthorized|denied|not found)"
        r"|toomanyrequests:|initializing source docker://|unable to pull docker|while pulling .{0,80}image"
        r"|Conveyor failed to get|is required to run this tool",
        healed_by=STARTED,
    ),
    Symptom(
        Cause.OUT_OF_MEMORY,
        "it used more memory than it may",
        r"\bOOM[ _-]?Kill(ed|ing)?\b|CPLE_OutOfMemory|Out of memory: Kill|Memory cgroup out of memory"
        r"|low on resource: memory"
        r"|exceeded (its |the )?(job )?memory limit|^(\S+ ){0,2}MemoryError\b|_ArrayMemoryError|std::bad_alloc"
        r"|Cannot allocate memory|java\.lang\.OutOfMemoryError|JavaScript heap out of memory|OUT_OF_MEMORY\b"
        r"|\bOutOfMemory\b|\bout of memory\b|memory limit exceeded|exceeded \d{1,3}% memory budget"
        r"|cannot allocate vector of size|DefaultCPUAllocator: can't allocate",
    ),
    Symptom(
        Cause.UNSCHEDULABLE,
        "no node has the memory, processors or quota that it asks for",
        r"\bFailedScheduling\b|\bUnschedulable\b|\b\d+/\d+ nodes are available|\bInsufficient (cpu|memory|nvidia|ephem)"
        r"|(exceeded|failed) quota:|didn't match Pod's node|untolerated taint|didn't trigger scale-up"
        r"|Requested node configuration is not available"
        # cwltool's parallel executor, and toil's batch systems
        r"|Requested at least \S+ (ram|cores|cuda\w*) but only|InsufficientSystemResources",
        healed_by=STARTED,
    ),
    # --- limits of time and disk: Kubernetes, Slurm, cwltool's ToolTimeLimit, Celery
    Symptom(
        Cause.TIME_LIMIT,
        "it ran longer than it may",
        r"\bDeadlineExceeded\b.{0,40}(Job was active|specified deadline)|Job was active longer than specified deadline"
        r"|DUE TO TIME LIMIT|\] exceeded time limit of|(Soft)?TimeLimitExceeded\b"
        r"|exceed(ed|s) (the |its )?(maximum |max\.? |allowed )?(wall|execution|run|processing) ?time"
        r"|\bTimeoutExpired\b"
        r"|reached (the |its )?maximum (allowed |permitted )?(duration|(execution |run ?|processing )?time)"
        r"|maximum (allowed |permitted )?(duration|(execution |run ?|processing )?time) (was |is )?(reached|exceeded)",
    ),
    Symptom(
        Cause.DISK_FULL,
        "the disk it writes to is full",
        r"No space left on device|low on resource: ephemeral-storage|ephemeral local storage usage exceeds"
        r"|Disk quota exceeded|had condition: \[DiskPressure\]|database or disk is full",
    ),
    # --- inputs: ZOO-Project's kernel, cwltool (process.py, schema-salad), argparse, click, jsonschema, pydantic,
    # pygeoapi's processors, ECMWF's constraints, rasterio and GDAL where the area is beside the scene
    Symptom(
        Cause.INPUTS,
        "an input is missing, or is not what the process takes",
        r"Mandatory (input |parameter)s? ?.{0,60}missing|Missing required input parameter|Invalid job input"
        r"|missing required (input|parameter|argument|field)|the following arguments are required|: error: argument \S"
        r"|unrecognized arguments:|Error: Missing (option|argument)|Error: Invalid value for|is a required property"
        r"|\bis not valid under any of the given schemas|validation errors? for \w|Cannot process without"
        r"|(required|mandatory) (input|parameter|argument) .{0,60}(missing|not (given|provided|found|set))"
        r"|\b(input|parameter|option|argument)s? \S{1,60} (is|are|was|were) (required|missing|mandatory|invalid"
        r"|not (given|provided|set|valid|allowed|supported))"
        r"|\b(input|parameter|option|argument)s? (is|are|was|were) not (given|provided|set|specified)\b"
        r"|\b(input|parameter) \S{1,60} has an? (invalid|wrong|unknown) "
        r"|invalid value .{0,60} for (input|parameter|option|argument)"
        r"|is not of type '|(?<!STAC)ValidationError: "
        r"|WKTReadingError|\bvalue .{0,60}(is not one of|is not in|not among) (the )?(allowed|permitted|possible|enum)"
        r"|is not valid because|Expected value of '\S+' to have format|InvalidParameterValue: (?!Error executing)"
        r"|No valid combination of values|request .{0,30}has not been accepted: cost limits exceeded"
        r"|could not convert string to float|Invalid isoformat string|invalid literal for int\(\)",
    ),
    Symptom(
        Cause.INPUTS,
        "the area or projection does not fit the data",
        r"Input shapes do not overlap raster|(windows?|bounds|bbox|aoi) do(es)? not (intersect|overlap)"
        r"|Invalid projection: |CRSError: |Computed -srcwin .{0,60}falls (completely )?outside|No overlap between",
    ),
    # --- killed, nobody says why: 128 + 9, subprocess's -9, Celery's, a shell's, the local endpoint's
    Symptom(
        Cause.OUT_OF_MEMORY,
        "it was killed (signal 9), which most often means that it used more memory than it may",
        r"(exit(ed)?|terminated|status|code)\b.{0,24}\b137\b|ended by signal 9\b|died with <Signals\.SIGKILL"
        r"|process pool was terminated abruptly|terminated by signal: SIGKILL|Worker exited prematurely: signal 9"
        r"|^(\S+ line \d+: +)?(\d+ )?Killed\b"
        r"|handling completion with 137",
    ),
)

# Whoever fetches or writes says so in these words: urllib, requests, aiohttp, botocore, GDAL, fsspec, stac-asset. What
# it means is where it was said: while data came in, while results went out, or in the application itself.
REFUSED = Symptom(
    Cause.AUTHENTICATION,
    "access was refused (not signed in, expired, or not allowed)",
    r"\b(HTTP ?(Error|error|status|code|response code)?:? ?|status(_code)?[=: ]+|error(ed)?:? )(401|403)\b"
    r"|\b(401|403),? (Client Error|Unauthorized|Forbidden|Authorization Required|Access Denied)"
    r"|\((401|403)\)|\bAccessDenied\b|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidClientTokenId"
    r"|NoCredentialsError|Unable to locate credentials|token (has |is )?expired|invalid_(token|grant|client)"
    r"|AuthenticationFailed|Server failed to authenticate|AuthorizationPermissionMismatch|\b403 Forbidden"
    r"|Authentication (is )?required",
    kind=Kind.REFUSED,
)
MISSED: tuple[Symptom, ...] = (
    Symptom(
        Cause.UNKNOWN,
        "there is nothing at that address",
        r"\bHTTP ?(Error|error|status|response code)?:? ?(404|410)\b|\b404,? (Client Error|Not Found)|\bNoSuchKey\b"
        r"|\bNoSuchBucket\b|\(404\)|FileNotFoundError|No such file or directory|does not exist|\(404\)",
    ),
    Symptom(
        Cause.UNKNOWN,
        "a server did not answer, or answered with its own failure",
        r"\bHTTP ?(Error|error|status|response code)?:? ?(5\d\d|429)\b|\b(5\d\d|429),? (Server|Client) Error"
        r"|Connection(Reset|Refused|Aborted)?Error|ConnectTimeout|Read ?[Tt]imed? ?out|ReadTimeout|Max retries exceeded"
        r"|Name or service not known|Temporary failure in name resolution|getaddrinfo failed|Could not resolve host"
        r"|EndpointConnectionError|Could not connect to the endpoint URL|SlowDown|timed out|IncompleteRead"
        r"|CERTIFICATE_VERIFY_FAILED|SSLError",
    ),
    Symptom(
        Cause.UNKNOWN,
        "what came is no STAC document, or one without what was looked for",
        r"STACError|STACTypeError|STACValidationError|stac_asset\.|MissingLink|JSONDecodeError|has no STAC items"
        r"|is not a STAC|AssetOverwriteError|ContentTypeError",
    ),
)

# Where no step is named: what only stage-in and stage-out say (ZOO-Project's runner, boto3's operations, pystac, the
# local endpoint's own messages).
STAGES: tuple[Symptom, ...] = (
    Symptom(
        Cause.STAGE_OUT,
        "the results could not be written",
        r"stage[-_ ]?out\b.{0,60}(fail|error|:)"
        r"|\b(PutObject|CreateMultipartUpload|UploadPart|CompleteMultipartUpload)\b"
        r"|S3UploadFailedError|upload .{0,80}(failed|denied)|failed to upload"
        r"|(failed to|could not|unable to) (push|publish|upload|store|write|copy) .{0,60}(results?|outputs?|s3://)"
        r"|catalog\.json.{0,40}(not found|missing)"
        r"|(No such file or directory|not found).{0,80}(catalog|collection)\.json",
    ),
    Symptom(
        Cause.STAGE_IN,
        "the data of an input could not be brought",
        r"stage[-_ ]?in\b.{0,60}(fail|error|:)|\b(GetObject|HeadObject|ListObjectsV2|ListObjects) operation"
        r"|while (staging in|downloading|fetching)|(failed to|could not|unable to) (retrieve|download|fetch) "
        r"|can't be staged in|failed to (download|fetch)|(download|fetch)\w* .{0,80}failed|stac_asset\.\w+\.\w*Error",
    ),
)

# A program that ended badly, and how: shells, GDAL, the JVM, R, Go, Node, Rust, loaders.
ENDED_BADLY: tuple[Symptom, ...] = (
    Symptom(
        Cause.APPLICATION,
        "the package is not CWL that can be run",
        r"Tool definition failed validation|checking field|ValidationException\b|Workflow cannot be executed"
        r"|names no image, and this package may not run natively|UnsupportedRequirement"
        r"|Syntax error in parameter reference|Expression evaluation error:\s*\S",
        kind=Kind.PACKAGE,
    ),
    Symptom(
        Cause.APPLICATION,
        "it did not write an output the package promises",
        r"Did not find output file with glob pattern|Error collecting output for parameter",
        kind=Kind.PACKAGE,
    ),
    Symptom(
        Cause.APPLICATION,
        "its command could not be started",
        r"command not found|exec format error|executable file not found in \$PATH|Permission denied: '?/?\S+'?$"
        r"|'\S+' not found: \[Errno 2\]|exec: \S+: (not found|no such file)|could not be started"
        r"|error while loading shared libraries|ModuleNotFoundError: |ImportError: ",
        kind=Kind.PACKAGE,
    ),
    Symptom(
        Cause.APPLICATION,
        "it crashed",
        r"Segmentation fault|\bSIGSEGV\b|(exit(ed)?|code|status)\b.{0,20}\b139\b|ended by signal (4|6|8|11)\b"
        r"|core dumped|Aborted \(|^panic: |thread '\S+' panicked",
    ),
    Symptom(
        Cause.APPLICATION,
        "it ended with an error",
        r"^Exception in thread|^Caused by: |^Error in \S|^ERROR \d+: |^Uncaught |Unhandled exception"
        r"|\b(Runtime|Type|Value|Key|Index|Attribute|Assertion|Name|OS|IO|ZeroDivision)Error: ",
    ),
)

TOLD_BY_THE_ENDPOINT: tuple[Symptom, ...] = (
    Symptom(
        Cause.GATEWAY,
        "a gateway waited no longer for the endpoint",
        r"50[24] (Bad )?Gateway( Time-?out)?|Gateway Time-?out|upstream (request timeout|connect error)|stream timeout"
        r"|did not receive a timely response|504 Server Error|502 Server Error|GatewayTimeout|Error 50[24]\b",
        told_only=True,
    ),
    Symptom(
        Cause.ENDPOINT,
        "the endpoint itself, or the machine under it, failed",
        r"driver of this job ended without a word|\bEvicted\b|\bPreempt(ed|ing)\b|NodeLost|NodeNotReady|NodeShutdown"
        r"|kubernetes\.client\.(rest|exceptions)\.ApiException|system:serviceaccount:|CreateContainerConfigError"
        r"|CreateContainerError|WorkerLostError|psycopg2\.OperationalError|amqp\w*\.\w*Error"
        r"|(namespaces?|jobs\.batch|pods) \\*\"\S{1,120} (not found|already exists)",
    ),
)

# True of every failure, and so no evidence of any: what wraps the cause. ZOO-Project's kernel and service template,
# Kubernetes' job controller, cwltool, calrissian, pygeoapi, Weaver, fastprocesses.
WRAPPERS = (
    r"specified backoff limit|BackoffLimitExceeded|^\W*Traceback \(most recent call last\)|Exception during execution"
    r"|^(The )?service failed to execute|^Unable to run the Service.{0,300}Error executing the service\W*$"
    r"|^Error executing the service|^(job|execution|the job|process|error) ?failed\.?$|^job failed|^failed$"
    r"|completed permanentFail|Final process status|exit status \d+'?\)?\W*$|exited with status: \d+\W*$"
    r"|terminated by exit code: \d+\W*$|returned non-zero exit status|^\W*Exception: \('(Execution|Stage)"
    r"|ZOO-Kernel accepted to run your service|Execution failed|CalrissianJobException|\bWorkflowStatus\b"
    r"|During handling of the above exception|above exception was the direct cause|^Job failed and traceback is\W*$"
    r"|PackageExecutionError|Package completed with errors|Failed to run (process|application)|^Exception: None$"
)
# What reads as an error in a line that says nothing else we know; in the languages of those who run such servers.
ERROR_LINE = (
    r"\b(error|exception|fatal|critical|failed|failure|denied|refused|cannot|can't|could not|unable to|invalid|panic)\b"
    r"|\w(Error|Exception)\b|\b(Fehler|fehlgeschlagen|erreur|échec|errore|fallo|falló|erro|falha)\b"
    r"|ошибка|错误|失败|エラー|오류"
)
PASSING = (
    r"\bretry|\bretrying|will try again|attempt \d+ of|\bwarn(ing)?\b|\b0 errors?\b|no errors?\b|without errors?"
    r"|\b(skipping|skipped|ignoring|ignored|falling back)\b"
)

# What a successful job says that found nothing to work on, and the inputs that decide whether there is something.
NOTHING = (
    r"\bno (valid |usable |matching |input )?(data|pixels?|items?|features?|scenes?|granules?|products?|images?)\b"
    r"|\b0 (items|features|scenes|granules|products|images)\b|nothing (found|to (do|process|publish|stage))"
    r"|(do(es)? not|don't|doesn't) (intersect|overlap)|outside (of )?the (area|extent|scene)"
    r"|all (pixels )?(are )?nodata"
)
AREA_OR_TIME = r"aoi|bbox|area|extent|geom|time|date|period|start|end|item|scene|cloud"

STAGE_IN_NAME = r"stage[-_ ]?in(?![a-z])"
STAGE_OUT_NAME = r"stage[-_ ]?out(?![a-z])"
