"""Where an s3 URL is, and what is signed for it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import HostRefused, OgcError, StorageError, Unreachable
from mcp_ogc.net.storage import SignedRequest, Storage, StorageHint, beyond_reach, bucket_and_key
from mcp_ogc.settings import StorageSettings

pytestmark = pytest.mark.anyio

# As the recorded run of ZOO-Project advertises it.
IN_CLUSTER = "http://eoap-zoo-project-localstack.eoap-zoo-project.svc.cluster.local:4566"
JOB = "68046976-7dcb-11f0-90ac-2a20aea25780"
HREF = f"s3://results/{JOB}/{JOB}/LC08_L2SP_044032_20231208_02_T1/otsu.tif"
KEYS = {"access_key_id": "AKIA", "secret_access_key": "x"}
ANONYMOUS = StorageSettings(buckets=("*",), anonymous=True, path_style=False)


async def signed(section: StorageSettings | None, href: str = HREF, hint: StorageHint | None = None) -> SignedRequest:
    return await Storage({"s": section} if section else {}).sign(href, hint)


async def test_an_advertised_endpoint_is_read_where_its_section_says() -> None:
    section = StorageSettings(advertised_endpoint=f"{IN_CLUSTER}/", endpoint="http://127.0.0.1:4566", **KEYS)
    request = await signed(section, hint=StorageHint(endpoint=IN_CLUSTER, region="us-east-1", platform="eoap"))
    assert request.url == HREF.replace("s3://", "http://127.0.0.1:4566/")
    assert "/us-east-1/s3/aws4_request" in request.headers["Authorization"]


async def test_a_cluster_address_that_no_section_maps_names_the_setting_and_the_port_to_forward() -> None:
    with pytest.raises(StorageError, match="only exists inside its cluster") as refused:
        await signed(None, hint=StorageHint(endpoint=IN_CLUSTER))
    remedy = refused.value.remedy
    assert "`kubectl port-forward svc/eoap-zoo-project-localstack -n eoap-zoo-project 4566:4566`" in remedy
    assert "[storage.results]" in remedy
    assert f'advertised_endpoint = "{IN_CLUSTER}"' in remedy
    assert 'endpoint = "http://127.0.0.1:4566"' in remedy


async def test_the_section_that_is_named_to_write_works(tmp_path: Path) -> None:
    import tomllib

    hint = StorageHint(endpoint="http://minio.storage.svc:80")
    with pytest.raises(StorageError) as refused:
        await signed(None, hint=hint)
    assert "minio -n storage 8080:80" in refused.value.remedy
    toml = refused.value.remedy.split("settings:\n")[1].split("\n(")[0]
    section = StorageSettings(**tomllib.loads(toml)["storage"]["results"], **KEYS)
    assert (await signed(section, hint=hint)).url.startswith("http://127.0.0.1:8080/results/")


@pytest.mark.parametrize(
    "endpoint", ["http://localhost:9000", "http://minio:9000", "http://minio.local", "http://127.0.0.1:1"]
)
async def test_an_address_of_another_machine_asks_for_a_forwarded_port(endpoint: str) -> None:
    with pytest.raises(StorageError, match="only exists where the job ran") as refused:
        await signed(None, hint=StorageHint(endpoint=endpoint))
    assert "kubectl" not in refused.value.remedy
    assert f'advertised_endpoint = "{endpoint}"' in refused.value.remedy


@pytest.mark.parametrize(
    "hint",
    [
        StorageHint(endpoint="https://s3.evil.example"),
        StorageHint(endpoint="https://s3.amazonaws.com.evil.example"),
        StorageHint(endpoint="https://evil.example/amazonaws.com"),
        StorageHint(platform="https://{bucket}.evil.example"),
        StorageHint(endpoint='https://a.example"]\nendpoint = "x'),
        StorageHint(endpoint="http://[::1"),
    ],
)
async def test_nothing_is_signed_for_a_storage_only_because_a_stranger_names_it(
    hint: StorageHint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with pytest.raises(StorageError, match="not configured") as refused:
        await signed(None, hint=hint)
    assert '\nendpoint = "x' not in refused.value.remedy


@pytest.mark.parametrize(
    "hint",
    [
        None,
        StorageHint(platform="AWS"),
        StorageHint(endpoint="https://s3.eu-central-1.amazonaws.com"),
        StorageHint(endpoint="https://s3..amazonaws.com", platform="https://{bucket}.s3.{region}.amazonaws.com"),
    ],
)
async def test_without_a_section_the_default_credentials_sign_for_aws(
    hint: StorageHint | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIADEFAULT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    request = await signed(None, "s3://scenes/a.tif", hint)
    assert request.url == "https://scenes.s3.eu-central-1.amazonaws.com/a.tif"
    assert "Credential=AKIADEFAULT/" in request.headers["Authorization"]


async def test_a_region_that_is_none_does_not_become_a_host() -> None:
    request = await signed(ANONYMOUS, "s3://scenes/a", StorageHint(region="evil.example/#"))
    assert request.url == "https://scenes.s3.us-east-1.amazonaws.com/a"


async def test_a_hinted_region_and_requester_pays_are_used() -> None:
    hint = StorageHint(region="us-west-2", platform="AWS", requester_pays=True)
    request = await signed(StorageSettings(buckets=("usgs-*",), path_style=False, **KEYS), "s3://usgs-landsat/a", hint)
    assert request.url == "https://usgs-landsat.s3.us-west-2.amazonaws.com/a"
    assert request.headers["x-amz-request-payer"] == "requester"
    assert "x-amz-request-payer" in request.headers["Authorization"]


async def test_a_bucket_with_dots_is_read_by_path_as_no_certificate_fits_its_name() -> None:
    assert (await signed(ANONYMOUS, "s3://a.b/c")).url == "https://s3.us-east-1.amazonaws.com/a.b/c"


async def test_a_section_with_virtual_hosts_puts_the_bucket_before_its_endpoint() -> None:
    section = StorageSettings(buckets=("b??",), endpoint="https://s3.example:444/", anonymous=True, path_style=False)
    assert (await signed(section, "s3://b01/k")).url == "https://b01.s3.example:444/k"


async def test_an_anonymous_section_signs_nothing() -> None:
    assert (await signed(ANONYMOUS, "s3://b01/k")).headers == {}


async def test_a_profile_has_the_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text("[lab]\naws_access_key_id = AKIALAB\naws_secret_access_key = x\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    request = await signed(StorageSettings(buckets=("*",), profile="lab"))
    assert "Credential=AKIALAB/" in request.headers["Authorization"]
    with pytest.raises(StorageError, match="can't be resolved"):
        await signed(StorageSettings(buckets=("*",), profile="absent"))


async def test_where_no_credentials_are_the_ways_to_give_them_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(StorageError, match="no credentials") as refused:
        await signed(None, "s3://scenes/a.tif")
    assert "AWS_PROFILE" in refused.value.remedy
    assert "anonymous = true" in refused.value.remedy


@pytest.mark.parametrize(
    "href",
    [
        "s3://bucket",
        "s3://bucket/",
        "s3:///key",
        "s3://user@bucket/key",
        "s3://bucket/../other/key",
        "s3://bucket/a/./b",
        "s3://evil.example#/key",
        "s3://evil.example\\x/key",
        "s3://b ucket/key",
        "https://bucket/key",
    ],
)
def test_what_is_no_object_is_refused(href: str) -> None:
    with pytest.raises(StorageError, match="not an object's URL"):
        bucket_and_key(href)


@given(st.text(min_size=1))
def test_a_key_is_taken_as_it_is(key: str) -> None:
    if {".", ".."}.isdisjoint(key.split("/")):
        assert bucket_and_key(f"s3://bucket:80/{key}") == ("bucket", key)


@pytest.mark.parametrize(
    ("url", "error", "told"),
    [
        ("http://minio.zoo.svc.cluster.local:9000/results/a.tif", Unreachable("x"), "kubectl port-forward svc/minio"),
        ("http://minio:9000/results/a.tif?X-Amz-Signature=1", HostRefused("x"), "Forward a port to it"),
        ("https://10.0.0.5/results/a.tif?X-Amz-Signature=1", HostRefused("x"), 'endpoint = "https://10.0.0.5"'),
        ("https://10.0.0.5/results/a.tif", HostRefused("x"), None),
        ("https://s3.example.org/results/a.tif?X-Amz-Signature=1", Unreachable("x"), None),
        ("http://minio:9000/?X-Amz-Signature=1", Unreachable("x"), None),
        ("http://[x/results/a.tif", Unreachable("x"), None),
    ],
)
def test_an_http_link_that_only_its_storage_s_network_reaches_names_the_section_to_write(
    url: str, error: OgcError, told: str | None
) -> None:
    advice = beyond_reach(url, error)
    if told is None:
        assert advice is None
    else:
        assert advice is not None
        assert told in advice.remedy
        assert '[storage.results]\nbuckets = ["results"]' in advice.remedy
