// What a job made: items with their time and files; a raster can be shown on the map.

import { el, link } from "./dom.js";
import { bytes, plural, time } from "./numbers.js";
import { nameOf } from "./raster.js";

/**
 * @param acts `select(item)` sees an item on the map, `show(raster, button)` asks the server for a raster (null where
 *   the host passes no calls on), `open(url)` opens a link
 */
export function resultsList(results, acts) {
  const left = results.told.left_out;
  return [
    el("ul", { class: "items" }, results.items.map((item) => itemRow(item, acts))),
    results.files.length ? el("ul", { class: "items" }, results.files.map((file) => el("li", {}, fileRow(file, acts)))) : null,
    left ? el("p", { class: "note" }, `${plural(left, "item")} left out: ask the assistant for the next page.`) : null,
  ];
}

export function resultsTitle({ told, items, files }) {
  const outputs = told.outputs.map((output) => String(output?.output_id)).join(", ");
  const made = [items.length ? plural(items.length, "item") : "", files.length ? plural(files.length, "file or value") : ""];
  return [outputs || "No outputs", [...made.filter(Boolean), `job ${told.job_id} on ${told.endpoint}`].join(", ")];
}

function itemRow(item, acts) {
  const head = item.bounds
    ? el("button", { type: "button", class: "item", "aria-pressed": "false", click: (event) => acts.select(item, event.currentTarget) }, item.id)
    : el("span", { class: "item" }, item.id);
  const when = el("span", { class: "when" }, item.when ? time(item.when) : "no date", item.bounds ? "" : ", no place given");
  const files = item.assets.map((asset) => el("li", {}, fileRow(asset, acts)));
  return el("li", {}, head, " ", when, el("ul", { class: "files" }, files));
}

function fileRow(file, acts) {
  const name = String(file.asset);
  const kind = [file.media_type?.split(";")[0], bytes(file.bytes)].filter(Boolean).join(", ");
  return [
    el("span", { class: "file" }, name),
    kind ? el("span", { class: "when" }, ` ${kind} `) : " ",
    file.value === undefined ? null : el("code", {}, file.value),
    file.raster && acts.show ? showButton(file.raster, acts) : null,
    file.href ? link(file.href, acts.open) : null,
  ];
}

function showButton(raster, acts) {
  const click = (event) => acts.show(raster, event.currentTarget);
  return el("button", { type: "button", "aria-label": `Show ${nameOf(raster)} on the map`, click }, "Show");
}
