// The page: what the host delivers is shown as results on a map, one raster on a map, a job, or text.

import "leaflet/dist/leaflet.css";
import "./view.css";

import { joined, read } from "./answer.js";
import { el } from "./dom.js";
import { boundsAroundAll } from "./footprints.js";
import { Host } from "./host.js";
import { hasEnded, jobDetails, jobTitle, logsOf, Refresh } from "./job.js";
import { PlaceMap } from "./map.js";
import { plural } from "./numbers.js";
import { nameOf, rasterDetails } from "./raster.js";
import { resultsList, resultsTitle } from "./results.js";
import { applyTheme } from "./theme.js";

const MORE = 100;
const NAMED = 5;

const at = (id) => document.getElementById(id);

class Page {
  #host = new Host({
    "ui/notifications/tool-input": ({ arguments: given }) => {
      const { output, links } = given ?? {};
      this.#asked = { ...(output ? { output } : {}), ...(links ? { links } : {}) };
    },
    "ui/notifications/tool-result": (result) => this.show(read(result)),
    "ui/notifications/tool-cancelled": () => this.#headline(["The call was cancelled", ""]),
    "ui/notifications/host-context-changed": (changed) => this.#adapt(changed),
    "ui/resource-teardown": () => this.#leave(),
  });
  #map = null;
  #refresh = null;
  #unfolded = new Map();
  #turn = 0;
  #asked = {}; // what the assistant asked for, which the next items are asked for with
  #size = "";

  async start() {
    at("opacity").addEventListener("input", (event) => this.#fade(event.target.value));
    at("fit").addEventListener("click", () => this.#map?.see());
    at("fullscreen").addEventListener("click", () => this.#switchMode());
    this.#observer.observe(document.body);
    await this.#host.start();
    this.#adapt({});
  }

  #observer = new ResizeObserver(() => {
    this.#map?.resized();
    const { width, height } = document.body.getBoundingClientRect();
    const size = `${Math.ceil(width)} ${Math.ceil(height)}`;
    if (size !== this.#size) this.#host.notify("ui/notifications/size-changed", { width: Math.ceil(width), height: Math.ceil(height) });
    this.#size = size;
  });

  show(answer) {
    this.#refresh?.stop();
    this.#turn += 1;
    this.#forget();
    switch (answer.kind) {
      case "results":
        return this.#showResults(answer);
      case "picture":
        this.#headline([nameOf(answer.name), String(answer.told.driver ?? "")]);
        this.#lay(answer);
        return at("details").replaceChildren(...present(rasterDetails(answer)));
      case "job":
        return this.#showJob(answer);
      default:
        this.#headline([answer.kind === "refusal" ? "It did not work" : "Answer", ""]);
        at("details").replaceChildren(el("pre", {}, answer.text));
    }
  }

  #showResults(results) {
    const asked = this.#asked;
    const chosen = el("div", { id: "chosen" });
    const passes = this.#host.capabilities.serverTools;
    const acts = {
      select: (item, button) => this.#select(results, item, button),
      show: passes ? (raster, button) => this.#busy(button, () => this.#showRaster(raster, chosen)) : null,
      more: passes ? (button) => this.#busy(button, more) : null,
      open: (url) => this.#openLink(url),
    };
    const draw = () => {
      this.#headline(resultsTitle(results));
      const bounds = boundsAroundAll([...results.items, ...results.unlisted].map((one) => one.bounds));
      if (bounds) this.#open(bounds).outlineMany(results.unlisted);
      for (const item of results.items) if (item.bounds) this.#map.outline(item, item.bounds, item.rings);
      this.#redraw(resultsList(results, acts), chosen);
    };
    const more = async () => {
      const { job_id, endpoint, next_cursor: cursor } = results.told;
      const page = read(await this.#host.tool("ogc_get_results", { ...asked, job_id, endpoint, limit: MORE, ...(cursor ? { cursor } : {}) }));
      if (page.kind !== "results") return this.#say(page.text);
      results = joined(results, page);
      draw();
    };
    draw();
    this.#map?.see();
    this.#map?.onPlace((place) => this.#tell(results, place));
  }

  #select(results, item, button) {
    for (const other of results.items) other.isChosen = other === item;
    for (const other of document.querySelectorAll("button.item")) other.setAttribute("aria-pressed", other === button);
    this.#map.mark(item);
    this.#map.see(item.bounds);
  }

  /** Which items are where the map was clicked. */
  #tell({ items, unlisted }, place) {
    const there = this.#map.within([...items.filter((one) => one.bounds), ...unlisted], place);
    const names = there.map((one) => one.id).filter(Boolean).slice(0, NAMED);
    const left = there.length - names.length;
    this.#say(there.length ? `Here: ${[...names, ...(left ? [plural(left, names.length ? "more item" : "item")] : [])].join(", ")}.` : "");
  }

  async #busy(button, work) {
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      this.#say(`That did not work: ${error.message}`);
    }
    button.disabled = false;
  }

  async #showRaster(raster, chosen) {
    const name = nameOf(raster);
    this.#say(`Reading ${name} …`);
    try {
      const answer = read(await this.#host.tool("ogc_summarize_raster", { raster }));
      if (answer.kind !== "picture") return this.#say(answer.text);
      this.#lay(answer);
      chosen.replaceChildren(el("h2", {}, name), ...present(rasterDetails(answer)));
      this.#say(`${name} is on the map.`);
    } catch (error) {
      this.#say(`${name} could not be shown: ${error.message}`);
    }
  }

  #showJob(job) {
    const turn = this.#turn;
    const { job_id, endpoint } = job.told;
    let [latest, logs] = [job, []];
    const draw = () => {
      if (turn !== this.#turn) return;
      this.#headline(jobTitle(latest));
      this.#redraw(jobDetails(latest, logs, this.#unfolded), this.#nextOf(latest));
    };
    const look = async (one) => {
      latest = one;
      draw();
      logs = await logsOf(this.#host, one.told);
      draw();
    };
    const looked = look(job);
    if (!job_id || hasEnded(job)) return looked;
    if (!this.#host.capabilities.serverTools) return this.#say("This client passes no calls on: ask the assistant how far it is.");
    this.#refresh = new Refresh(this.#host, async (result) => {
      const one = read(result);
      if (one.kind !== "job") return this.#say(one.text);
      this.#say("");
      await look(one);
      return hasEnded(one);
    });
    return this.#refresh.follow(job_id, endpoint);
  }

  /** Draw the details again; what had the focus keeps it, and a log stays at its end. */
  #redraw(...nodes) {
    const focused = document.activeElement?.dataset.key;
    at("details").replaceChildren(...present(nodes.flat()));
    for (const log of document.querySelectorAll("pre")) log.scrollTop = log.scrollHeight;
    if (focused) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  /** Of a job that is done: its results, here. */
  #nextOf({ told: { status, job_id, endpoint } }) {
    if (status !== "successful" || !this.#host.capabilities.serverTools) return [];
    const click = async ({ currentTarget: button }) => {
      button.disabled = true;
      try {
        this.#asked = {};
        this.show(read(await this.#host.tool("ogc_get_results", { job_id, endpoint })));
      } catch (error) {
        button.disabled = false;
        this.#say(`The results could not be read: ${error.message}`);
      }
    };
    return [el("button", { type: "button", "data-key": "results", click }, "Show the results")];
  }

  #lay(answer) {
    if (!answer.bounds) {
      if (answer.picture) at("place").after(el("img", { class: "unplaced", src: answer.picture, alt: answer.about ?? "Picture" }));
      return;
    }
    const isNew = !this.#map;
    const map = this.#open(answer.bounds);
    map.outline(answer.name, answer.bounds);
    if (answer.picture) map.lay(answer, `Picture of ${nameOf(answer.name)}`);
    at("opacity-label").hidden = !answer.picture && at("opacity-label").hidden;
    map.mark(answer.name);
    if (!isNew) map.see(answer.bounds);
  }

  #open(bounds) {
    at("place").hidden = false;
    this.#map ??= new PlaceMap(at("map"), bounds);
    return this.#map;
  }

  #forget() {
    this.#map?.remove();
    this.#map = null;
    document.querySelector(".unplaced")?.remove();
    at("map").replaceWith(el("div", { id: "map" }));
    at("place").hidden = at("opacity-label").hidden = true;
    this.#say("");
  }

  #fade(value) {
    at("opacity-value").textContent = `${value} %`;
    this.#map?.fade(value / 100);
  }

  #headline([title, subtitle]) {
    at("title").textContent = title;
    at("subtitle").textContent = subtitle;
  }

  #say(text) {
    at("status").textContent = text;
  }

  #openLink(url) {
    this.#host.request("ui/open-link", { url }).catch((error) => this.#say(`The link was not opened: ${error.message}`));
  }

  #adapt(changed) {
    Object.assign(this.#host.context, changed);
    const { context } = this.#host;
    applyTheme(context);
    at("fullscreen").hidden = !context.availableDisplayModes?.includes("fullscreen");
    at("fullscreen").textContent = context.displayMode === "fullscreen" ? "Leave full screen" : "Full screen";
    this.#map?.resized();
  }

  async #switchMode() {
    const mode = this.#host.context.displayMode === "fullscreen" ? "inline" : "fullscreen";
    const told = await this.#host.request("ui/request-display-mode", { mode }).catch(() => null);
    if (told?.mode) this.#adapt({ displayMode: told.mode });
  }

  #leave() {
    this.#refresh?.stop();
    this.#observer.disconnect();
    this.#map?.remove();
    this.#map = null;
  }
}

const present = (nodes) => nodes.flat().filter((node) => node !== null && node !== undefined);

void new Page().start();
