"""What the scenarios about plain content call, read and get; names and texts are the suite's."""

import base64
import json
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver.prompts.base import Message, UserMessage
from mcp_types import (
    AudioContent,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    SetLevelRequestParams,
    TextContent,
    TextResourceContents,
)
from mcp_types import EmptyResult as Empty
from pydantic import Field

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="  # one red pixel
)
WAV = base64.b64encode(
    b"RIFF\x26\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x02\0\0\0\0\0"
).decode()
IMAGE = ImageContent(data=PNG, mime_type="image/png")


def embedded(uri: str, text: str, mime_type: str = "text/plain") -> EmbeddedResource:
    return EmbeddedResource(resource=TextResourceContents(uri=uri, mime_type=mime_type, text=text))


def add_tools(server: MCPServer[Any]) -> None:
    @server.tool()
    async def test_simple_text() -> str:
        """Text."""
        return "This is a simple text response for testing."

    @server.tool()
    async def test_image_content() -> list[ContentBlock]:
        """A picture."""
        return [IMAGE]

    @server.tool()
    async def test_audio_content() -> list[ContentBlock]:
        """A sound."""
        return [AudioContent(data=WAV, mime_type="audio/wav")]

    @server.tool()
    async def test_embedded_resource() -> list[ContentBlock]:
        """A resource inside the answer."""
        return [embedded("test://embedded-resource", "This is an embedded resource content.")]

    @server.tool()
    async def test_multiple_content_types() -> list[ContentBlock]:
        """Text, a picture and a resource."""
        mixed = embedded("test://mixed-content-resource", '{"test":"data","value":123}', "application/json")
        return [TextContent(text="Multiple content types test:"), IMAGE, mixed]

    @server.tool()
    async def test_error_handling() -> str:
        """A failure that nobody foresaw."""
        raise RuntimeError("This tool intentionally returns an error for testing")


def add_resources(server: MCPServer[Any]) -> None:
    @server.resource("test://static-text", mime_type="text/plain")
    async def static_text() -> str:
        """Text."""
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", mime_type="image/png")
    async def static_binary() -> bytes:
        """A picture."""
        return base64.b64decode(PNG)

    @server.resource("test://watched-resource", mime_type="text/plain")
    async def watched_resource() -> str:
        """What is subscribed to."""
        return "Watched resource content"

    @server.resource("test://template/{id}/data", mime_type="application/json")
    async def template_data(id: str) -> str:  # noqa: A002
        """The data of an id."""
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


def add_prompts(server: MCPServer[Any]) -> None:
    @server.prompt(description="No arguments")
    def test_simple_prompt() -> list[Message]:
        return [UserMessage("This is a simple prompt for testing.")]

    @server.prompt(description="Two arguments")
    def test_prompt_with_arguments(arg1: str, arg2: str) -> list[Message]:
        return [UserMessage(f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")]

    @server.prompt(description="A resource inside the message")
    def test_prompt_with_embedded_resource(resourceUri: str) -> list[Message]:  # noqa: N803
        resource = embedded(resourceUri, "Embedded resource content for testing.")
        return [UserMessage(resource), UserMessage("Please process the embedded resource above.")]

    @server.prompt(description="A picture inside the message")
    def test_prompt_with_image() -> list[Message]:
        return [UserMessage(IMAGE), UserMessage("Please analyze the image above.")]


def add_logging(server: MCPServer[Any]) -> None:
    """`logging/setLevel` of the older era, which the product does not offer: it logs to stderr."""

    async def set_level(_ctx: object, _params: SetLevelRequestParams) -> Empty:
        return Empty()

    server._lowlevel_server.add_request_handler("logging/setLevel", SetLevelRequestParams, set_level)


FULL_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


def add_schema_tools(server: MCPServer[Any]) -> None:
    """Tools that are about their schema (SEP-1613, SEP-2106) and about arguments that travel as headers (SEP-2243)."""

    @server.tool()
    async def json_schema_2020_12_tool(name: str = "") -> str:
        """Every keyword arrives as it is."""
        return name

    tool = server._tool_manager.get_tool("json_schema_2020_12_tool")
    assert tool is not None
    tool.parameters = FULL_SCHEMA

    @server.tool()
    async def test_headers(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]) -> str:
        """Its argument is also a header."""
        return region
