"""The results of a job, in every shape."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tests.servers.processes.catalogue import RECORDED_RUN, Product
from tests.servers.processes.jobs import Job
from tests.servers.processes.personality import HrefForm, Keying, RawForm
from tests.servers.processes.quirk import Quirk
from tests.servers.processes.voice import Voice

BOUNDARY = "part-of-the-results"


def results_of(voice: Voice, request: Request, job: Job) -> Response:
    """What a successful job made."""
    products = {name: _with_reachable_hrefs(voice, request, job, one) for name, one in job.products.items()}
    if not products:
        return Response(status_code=204)
    if voice.has(Quirk.Q34) and all(_is_empty(one) for one in products.values()):
        return voice.json(request, {})
    if voice.has(Quirk.Q32):
        return _keyed_otherwise(voice, request, job, products)
    if is_raw(voice, job):
        return _raw(voice, request, job, products)
    return voice.json(request, {name: _qualified(voice, request, job, name, one) for name, one in products.items()})


def is_raw(voice: Voice, job: Job) -> bool:
    """Whether no document comes, though one was asked for or not."""
    single = len(job.products) == 1
    if voice.has(Quirk.Q47):
        return single  # Part 1, 2.0: one output is itself, several are a map
    if voice.has(Quirk.Q31) and voice.personality.always_raw and single:
        return True
    return not job.document


def file_href(voice: Voice, request: Request, job: Job, product: Product) -> str:
    """Where a file is said to be (Q33)."""
    path = f"{job.id}/{product.name}"
    if voice.has(Quirk.Q33):
        match voice.personality.href_form:
            case HrefForm.S3:
                return f"s3://results/{path}"
            case HrefForm.S3_PORT_80:
                return f"s3://s3-us-west-2.amazonaws.com:80/results/{path}"
            case HrefForm.RELATIVE:
                return f"./files/{product.name}"
            case HrefForm.IN_CLUSTER:
                return f"{voice.personality.inside}{request.scope['root_path']}/files/{path}"
    return voice.url(request, f"files/{path}")


def _is_empty(product: Product) -> bool:
    return isinstance(product.value, dict) and product.value.get("features") == []


def _with_reachable_hrefs(voice: Voice, request: Request, job: Job, product: Product) -> Product:
    """Without Q33 the recorded `s3://` assets are files of this endpoint's own."""
    if voice.has(Quirk.Q33) or not isinstance(product.value, dict):
        return product
    text = json.dumps(product.value).replace(RECORDED_RUN, voice.url(request, f"files/{job.id}"))
    return Product(json.loads(text), None, product.media_type, product.name)


def _qualified(voice: Voice, request: Request, job: Job, name: str, product: Product) -> Any:
    """A member of a results document."""
    if product.is_file:
        told = {"href": file_href(voice, request, job, product), "type": product.media_type}
        if voice.has(Quirk.Q33) and voice.personality.href_form is HrefForm.RELATIVE:
            checksum = hashlib.md5(product.body or b"").hexdigest()
            return {"value": {**told, "file:size": len(product.body or b""), "file:checksum": checksum}}
        return told
    if isinstance(product.value, dict) and "bbox" not in product.value:
        more = {} if product.media_type == "application/json" else {"mediaType": product.media_type}
        return {"value": product.value, **more}
    return product.value


def _keyed_otherwise(voice: Voice, request: Request, job: Job, products: dict[str, Product]) -> Response:
    """Q32."""
    keying = voice.personality.keying
    if keying is Keying.ADDITIONAL_PROP:
        # MAAP: every output is a list of places, none of which is the output's name.
        told = {
            f"additionalProp{number}": {"id": name, "links": _places(voice, request, job, name, one)}
            for number, (name, one) in enumerate(products.items(), 1)
        }
        return voice.json(request, told)
    if keying is Keying.ID_AND_VALUE and len(products) == 1 and not job.document:
        ((name, product),) = products.items()
        if product.is_file:
            return _bytes(voice, product)
        return voice.json(request, {"id": name, "value": product.value})
    listed = []
    for name, product in products.items():
        value = {"href": file_href(voice, request, job, product)} if product.is_file else {"value": product.value}
        listed.append({"id": name, **value})
    return voice.json(request, {"outputs": listed})


def _places(voice: Voice, request: Request, job: Job, name: str, product: Product) -> list[dict[str, str]]:
    if not product.is_file:
        return [{"href": voice.url(request, f"files/{job.id}/{name}.json")}]
    path = f"results/{job.id}/{product.name}"
    return [
        {"href": f"http://s3-us-west-2.amazonaws.com/{path}"},
        {"href": file_href(voice, request, job, product)},
        {"href": f"https://s3.console.aws.amazon.com/s3/buckets/{path}"},
    ]


def _raw(voice: Voice, request: Request, job: Job, products: dict[str, Product]) -> Response:
    """Q31: the outputs themselves."""
    form = voice.personality.raw_form if voice.has(Quirk.Q31) else RawForm.BYTES
    if form is RawForm.LINKS and all(one.is_file for one in products.values()):
        links = [
            f'<{file_href(voice, request, job, one)}>; rel="{name}"; type="{one.media_type}"'
            for name, one in products.items()
        ]
        return Response(status_code=204, headers={"Link": ", ".join(links)})
    if len(products) == 1 and form is not RawForm.MULTIPART:
        (product,) = products.values()
        return _bytes(voice, product) if product.is_file else _value(voice, request, product)
    return _multipart(voice, request, job, products)


def _value(voice: Voice, request: Request, product: Product) -> Response:
    if not isinstance(product.value, str):
        return voice.json(request, product.value)
    # Raw text, said to be JSON (Q45).
    media_type = "application/json;charset=UTF-8" if voice.has(Quirk.Q45) else "text/plain"
    return Response(product.value, media_type=media_type)


def _bytes(voice: Voice, product: Product) -> Response:
    media_type = "application/octet-stream" if voice.has(Quirk.Q45) else product.media_type
    return Response(product.body or b"", media_type=media_type)


def _multipart(voice: Voice, request: Request, job: Job, products: dict[str, Product]) -> Response:
    parts = []
    for name, product in products.items():
        head = f"--{BOUNDARY}\r\nContent-ID: <{name}>\r\n"
        if product.is_file:
            place = file_href(voice, request, job, product)
            head += f"Content-Type: {product.media_type}\r\nContent-Location: {place}\r\n"
            parts.append(f"{head}\r\n\r\n".encode())
        else:
            text = product.value if isinstance(product.value, str) else json.dumps(product.value)
            media_type = "text/plain" if isinstance(product.value, str) else product.media_type
            parts.append(f"{head}Content-Type: {media_type}\r\n\r\n{text}\r\n".encode())
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    return Response(body, media_type=f"multipart/mixed; boundary={BOUNDARY}")
