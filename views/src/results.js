// What a job made: items with their time and files; a raster can be shown on the map.

import { el, link } from "./dom.js";
import { bytes, number, plural, time } from "./numbers.js";
import { facts, nameOf } from "./raster.js";

/**
 * @param acts `select(item)` sees an item on the map, `show(raster, button)` asks the server for a raster and `more()`
 *   for the next items (null where the host passes no calls on), `open(url)` opens a link
 */
export function resultsList(results, acts) {
  const { items, files } = results;
  return [
    ...results.told.outputs.map((output) => collectionFacts(output)),
    items.length ? el("ul", { class: "items" }, items.map((item) => itemRow(item, acts))) : null,
    files.length ? el("ul", { class: "items" }, files.map((file) => el("li", {}, fileRow(file, acts)))) : null,
    ...leftOut(results, acts),
  ];
}

export function resultsTitle({ told, items, files }) {
  const outputs = told.outputs.map((output) => String(output?.output_id)).join(", ");
  const count = Math.max(items.length, countOf(told));
  const made = [count ? plural(count, "item") : "", files.length ? plural(files.length, "file or value") : ""];
  return [outputs || "No outputs", [...made.filter(Boolean), `job ${told.job_id} on ${told.endpoint}`].join(", ")];
}

/** Items of all outputs, listed or not. */
export const countOf = (told) => told.outputs.reduce((sum, output) => sum + (Number(output?.items_total) || 0), 0);

/** What many items have in common. */
function collectionFacts(output) {
  const common = output?.collection?.untrusted;
  if (!common) return null;
  const pairs = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : []);
  const objects = (value) => (Array.isArray(value) ? value.filter((one) => one !== null && typeof one === "object") : []);
  return facts([
    ...(Array.isArray(common.times) && common.times.length ? [["time", common.times.map(time).join(" to ")]] : []),
    ...pairs(common.collections).map(([name, count]) => ["collection", `${name}, ${plural(count, "item")}`]),
    ...objects(common.assets).map((one) => ["asset", [one.key, one.type, bytes(one.bytes)].filter(Boolean).join(", ")]),
    ...objects(common.ranges).map((one) => [one.name, `${number(one.min)} to ${number(one.max)}, median ${number(one.median)}`]),
  ]);
}

function leftOut({ told, items, undrawn }, acts) {
  const left = Math.max(0, countOf(told) - items.length, told.left_out ?? 0);
  const notes = undrawn ? [el("p", { class: "note" }, `${plural(undrawn, "item")} too many are not on the map.`)] : [];
  if (!left) return notes;
  if (!acts.more) return [...notes, el("p", { class: "note" }, `${plural(left, "item")} not listed: ask the assistant for the next page.`)];
  const click = (event) => acts.more(event.currentTarget);
  const button = el("button", { type: "button", "data-key": "more", click }, items.length ? "List more items" : "List the items");
  return [...notes, el("p", { class: "note" }, `${plural(left, "item")} not listed. `, button)];
}

function itemRow(item, acts) {
  const head = item.bounds
    ? el("button", { type: "button", class: "item", "aria-pressed": String(item.isChosen === true), click: (event) => acts.select(item, event.currentTarget) }, item.id)
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
