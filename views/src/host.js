// The view's side of MCP Apps (SEP-1865, 2026-01-26): JSON-RPC 2.0 with the host, by postMessage.

const PROTOCOL = "2026-01-26";

export class Host {
  capabilities = {};
  context = {};
  #next = 1;
  #waiting = new Map();
  #heard;

  /** @param heard what is done on each notification or request of the host, by its method */
  constructor(heard) {
    this.#heard = heard;
    window.addEventListener("message", (event) => {
      if (event.source === window.parent && event.data?.jsonrpc === "2.0") this.#receive(event.data);
    });
  }

  /** Shake hands; from then on the host sends the tool's answer. */
  async start() {
    const told = await this.request("ui/initialize", {
      protocolVersion: PROTOCOL,
      appInfo: { name: "mcp-ogc", version: VERSION },
      appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
    });
    this.capabilities = told?.hostCapabilities ?? {};
    this.context = told?.hostContext ?? {};
    this.notify("ui/notifications/initialized", {});
  }

  /** Call a tool of the server that this view is of. */
  tool(name, args) {
    return this.request("tools/call", { name, arguments: args });
  }

  request(method, params) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ id, method, params });
    });
  }

  notify(method, params) {
    this.#send({ method, params });
  }

  #send(message) {
    // The host's origin is not known inside the sandbox; nothing secret is sent.
    window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  }

  #receive(message) {
    if (message.method === undefined) this.#settle(message);
    else if (message.id === undefined) this.#heard[message.method]?.(message.params ?? {});
    else this.#answer(message);
  }

  #settle({ id, result, error }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(String(error.message ?? "the host refused")));
    else waiting?.resolve(result);
  }

  #answer({ id, method, params }) {
    if (method === "ping") return this.#send({ id, result: {} });
    const heard = this.#heard[method];
    if (!heard) return this.#send({ id, error: { code: -32601, message: `${method} is not known here` } });
    heard(params ?? {});
    this.#send({ id, result: {} });
  }
}
