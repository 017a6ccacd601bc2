"""A real S3 server on loopback that checks every signature (moto in server mode)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

BUCKET = "results"
REGION = "us-east-1"
NEVER = 10**9


@dataclass(frozen=True)
class ObjectStorage:
    """Where it is, and the one user who may read."""

    url: str
    access_key_id: str
    secret_access_key: str

    def put(self, key: str, content: bytes, media_type: str = "image/tiff", bucket: str = BUCKET) -> str:
        client = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            config=Config(s3={"addressing_style": "path"}, proxies={}),
        )
        client.put_object(Bucket=bucket, Key=key, Body=content, ContentType=media_type)
        return f"s3://{bucket}/{key}"


def check_signatures(url: str, after: int) -> None:
    """The requests after so many are checked."""
    headers = {"Content-Type": "text/plain"}
    urlopen(Request(f"{url}/moto-api/reset-auth", data=str(after).encode(), headers=headers, method="POST")).close()


@pytest.fixture(scope="module")
def object_storage() -> Iterator[ObjectStorage]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    check_signatures(url, NEVER)
    keys = {"region_name": REGION, "aws_access_key_id": "root", "aws_secret_access_key": "root"}
    iam = boto3.client("iam", endpoint_url=url, **keys)
    iam.create_user(UserName="reader")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    iam.put_user_policy(UserName="reader", PolicyName="s3", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    boto3.client("s3", endpoint_url=url, **keys).create_bucket(Bucket=BUCKET)
    check_signatures(url, 0)
    yield ObjectStorage(url, key["AccessKeyId"], key["SecretAccessKey"])
    check_signatures(url, NEVER)
    # What one server was told, the next one in this process would know.
    urlopen(Request(f"{url}/moto-api/reset", data=b"", method="POST")).close()
    server.stop()
