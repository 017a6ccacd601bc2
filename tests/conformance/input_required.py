"""What the scenarios call that answer with questions (SEP-2322): the client calls again with what it was told."""

from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.prompts.base import Message, UserMessage
from mcp_types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    InputRequest,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
)

Asking = Context[Any, Any]


def question(message: str, member: str, kind: str = "string") -> ElicitRequest:
    schema = {"type": "object", "properties": {member: {"type": kind}}, "required": [member]}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def sampling(prompt: str, max_tokens: int) -> CreateMessageRequest:
    messages = [SamplingMessage(role="user", content=TextContent(text=prompt))]
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=messages, max_tokens=max_tokens))


NAME = question("What is your name?", "name")


def needed(requests: dict[str, InputRequest], state: str | None = None) -> InputRequiredResult:
    return InputRequiredResult(input_requests=requests, request_state=state)


def told(ctx: Asking, key: str, member: str) -> Any:
    """What the person said; None where there is no answer that fits."""
    answer = (ctx.input_responses or {}).get(key)
    content = getattr(answer, "content", None)
    return content.get(member) if getattr(answer, "action", None) == "accept" and isinstance(content, dict) else None


def add_tools(server: MCPServer[Any]) -> None:
    @server.tool()
    async def test_input_required_result_elicitation(ctx: Context) -> str | InputRequiredResult:
        """Greets the person by name."""
        name = told(ctx, "user_name", "name")
        return f"Hello, {name}!" if isinstance(name, str) else needed({"user_name": NAME})

    @server.tool()
    async def test_input_required_result_sampling(ctx: Context) -> str | InputRequiredResult:
        """Asks the client's model."""
        answer = (ctx.input_responses or {}).get("capital_question")
        text = getattr(getattr(answer, "content", None), "text", None)
        return text or needed({"capital_question": sampling("What is the capital of France?", 100)})

    @server.tool()
    async def test_input_required_result_list_roots(ctx: Context) -> str | InputRequiredResult:
        """Names the client's roots."""
        roots = getattr((ctx.input_responses or {}).get("client_roots"), "roots", None)
        if roots is None:
            return needed({"client_roots": ListRootsRequest()})
        return ", ".join(str(root.uri) for root in roots)

    @server.tool()
    async def test_input_required_result_request_state(ctx: Context) -> str | InputRequiredResult:
        """Remembers through the client what it was doing."""
        if ctx.request_state == "confirming" and told(ctx, "confirm", "ok") is not None:
            return "state-ok"
        return needed({"confirm": question("Please confirm", "ok", "boolean")}, "confirming")

    @server.tool()
    async def test_input_required_result_tampered_state(ctx: Context) -> str | InputRequiredResult:
        """The same, for a client that changes what it was to keep."""
        if ctx.request_state == "confirming":
            return "done"
        return needed({"confirm": question("Please confirm", "ok", "boolean")}, "confirming")

    @server.tool()
    async def test_input_required_result_multiple_inputs(ctx: Context) -> str | InputRequiredResult:
        """Three questions at once."""
        requests: dict[str, InputRequest] = {
            "user_name": NAME,
            "greeting": sampling("Generate a greeting", 50),
            "client_roots": ListRootsRequest(),
        }
        return "done" if requests.keys() <= (ctx.input_responses or {}).keys() else needed(requests, "several")

    @server.tool()
    async def test_input_required_result_multi_round(ctx: Context) -> str | InputRequiredResult:
        """One question after the other."""
        match ctx.request_state:
            case "first" if name := told(ctx, "step1", "name"):
                return needed({"step2": question("Step 2: What is your favorite color?", "color")}, f"second {name}")
            case str(state) if state.startswith("second ") and (color := told(ctx, "step2", "color")):
                return f"{state.removeprefix('second ')} likes {color}"
            case _:
                return needed({"step1": question("Step 1: What is your name?", "name")}, "first")

    @server.tool()
    async def test_input_required_result_capabilities(ctx: Context) -> str | InputRequiredResult:
        """Asks only what the client can answer."""
        able = ctx.client_capabilities
        requests: dict[str, InputRequest] = {}
        if able is not None and able.elicitation is not None:
            requests["user_name"] = NAME
        if able is not None and able.sampling is not None:
            requests["greeting"] = sampling("Generate a greeting", 50)
        return needed(requests) if requests and ctx.input_responses is None else "done"

    @server.tool()
    async def test_streaming_elicitation(ctx: Context) -> str | InputRequiredResult:
        """Progress on the stream, then a question."""
        await ctx.report_progress(1, 2)
        return "done" if told(ctx, "user_name", "name") else needed({"user_name": NAME})


def add_prompts(server: MCPServer[Any]) -> None:
    @server.prompt(description="Needs to know something first")
    async def test_input_required_result_prompt(ctx: Context) -> list[Message] | InputRequiredResult:
        context = told(ctx, "user_context", "context")
        if context is None:
            return needed({"user_context": question("What context should the prompt use?", "context")})
        return [UserMessage(f"Use this context: {context}")]
