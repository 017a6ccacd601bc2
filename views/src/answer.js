// A tool's answer, read into what is shown. Nothing in it is trusted to be there, or to be of its type.

import { boxOf, footprintsOf } from "./footprints.js";

/** Where the server puts what only the view needs, in an answer's `_meta`. */
const KEY = "mcp-ogc/view";

/** The share of its size that a picture's corners may be off where it is laid as a parallelogram. */
const NEARLY = 0.05;

const list = (value) => (Array.isArray(value) ? value : []);
const object = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});

/** @returns `{kind, …}`: refusal, results, picture, job, or text */
export function read(result) {
  const told = object(result?.structuredContent);
  const text = textOf(result);
  if (result?.isError) return { kind: "refusal", text };
  const more = object(object(result?._meta)[KEY]);
  if (Array.isArray(told.outputs)) return resultsOf(told, more);
  const picture = pictureOf(result);
  if (picture || Array.isArray(told.bands) || more.bounds) return shown(told, more, picture, text);
  if (typeof told.status === "string") return jobOf(told);
  return { kind: "text", text };
}

/** west, south, east, north; east is greater than west, beyond 180 across the antimeridian. */
export function boundsOf(value) {
  const box = list(value);
  if (box.length !== 4 || !box.every(Number.isFinite)) return null;
  const [west, south, east, north] = box;
  if (Math.abs(west) > 540 || Math.abs(east) > 540 || Math.abs(south) > 90 || Math.abs(north) > 90) return null;
  return [west, Math.min(south, north), east < west ? east + 360 : east, Math.max(south, north)];
}

/**
 * Where a picture's grid lies whose rows do not run along parallels: upper left, upper right and lower left of the
 * parallelogram nearest to its four corners, longitude first; null where none were told, or they make none.
 */
export function parallelogramOf(value, bounds) {
  const told = list(value).map(list);
  if (!bounds || told.length !== 4 || !told.every((corner) => corner.length === 2 && corner.every(Number.isFinite))) return null;
  const [west, south, east, north] = bounds;
  const beyond = west - (east - west) * NEARLY; // across the antimeridian, where longitudes go on past 180
  const around = told.map(([x, y]) => [x < beyond ? x + 360 : x, y]);
  const size = [east - west, north - south];
  const off = size.map((_, axis) => (around[0][axis] - around[1][axis] - around[2][axis] + around[3][axis]) / 4);
  if (off.some((one, axis) => Math.abs(one) > NEARLY * size[axis])) return null;
  const signs = [-1, 1, 1];
  return signs.map((sign, place) => around[place].map((one, axis) => one + sign * off[axis]));
}

function textOf(result) {
  return list(result?.content)
    .filter((block) => block?.type === "text")
    .map((block) => String(block.text))
    .join("\n");
}

function pictureOf(result) {
  const image = list(result?.content).find((block) => block?.type === "image");
  const fits = /^image\/(png|jpeg)$/.test(image?.mimeType) && /^[A-Za-z0-9+/]+=*$/.test(image?.data);
  return fits ? `data:${image.mimeType};base64,${image.data}` : null;
}

/**
 * Of a results answer: items in one list whatever their outputs, files and short values in another, and the places of
 * the items that the answer does not list.
 */
function resultsOf(told, more) {
  const unlisted = footprintsOf(more.footprints);
  const items = [];
  const files = [];
  for (const output of list(told.outputs).map(object)) {
    for (const item of list(output.items).map(object)) {
      const id = String(item.id ?? "item without id");
      const place = unlisted.findIndex((one) => one.output === output.output_id && one.id === id);
      const [footprint] = place < 0 ? [] : unlisted.splice(place, 1);
      const bounds = boundsOf(item.bbox);
      items.push({
        id,
        output: output.output_id,
        when: item.datetime ?? null,
        bounds: footprint?.bounds ?? bounds,
        rings: footprint?.rings ?? (bounds ? [boxOf(bounds)] : []),
        assets: list(item.assets).map(object),
      });
    }
    for (const file of list(output.files).map(object)) files.push({ ...file, asset: String(output.output_id ?? "output") });
    const value = object(output.untrusted).value;
    if (value !== undefined) files.push({ asset: String(output.output_id ?? "output"), value: String(value) });
  }
  const undrawn = Number.isFinite(more.footprints?.left_out) ? more.footprints.left_out : 0;
  return { kind: "results", told, items, files, unlisted, undrawn };
}

/** Results with the items of their next page; what that lists is no longer unlisted. */
export function joined(results, page) {
  const listed = new Map();
  for (const { output, id } of page.items) listed.set(`${output} ${id}`, (listed.get(`${output} ${id}`) ?? 0) + 1);
  const isLeft = ({ output, id }) => {
    const count = listed.get(`${output} ${id}`) ?? 0;
    listed.set(`${output} ${id}`, count - 1);
    return count < 1;
  };
  return { ...results, told: page.told, items: [...results.items, ...page.items], unlisted: results.unlisted.filter(isLeft) };
}

function shown(told, more, picture, text) {
  const bounds = boundsOf(more.bounds ?? told.bounds_lonlat);
  return {
    kind: "picture",
    told,
    text,
    picture,
    bounds,
    parallelogram: parallelogramOf(more.corners, bounds),
    isOfDegrees: !list(more.corners).length && [undefined, "degree"].includes(told.resolution_unit),
    name: [more.name, told.raster].find((one) => typeof one === "string") ?? "picture",
    about: typeof more.about === "string" ? more.about : null,
    legend: list(more.legend).map(object),
    bands: list(told.bands).map(bandOf),
    transitions: list(object(told.classes).transitions).map(object),
    difference: object(told.values).difference ? bandOf(told.values.difference) : null,
    resolution: list(told.resolution).map(Number),
    notes: list(told.notes).map(String),
    source: object(told.source),
  };
}

function bandOf(value) {
  const band = object(value);
  const of = (name) => object(band[name]);
  return {
    ...band,
    classes: list(band.classes).map(object),
    percentiles: of("percentiles"),
    histogram: of("histogram"),
    untrusted: of("untrusted"),
  };
}

function jobOf(told) {
  return { kind: "job", told, why: object(told.why), message: object(told.untrusted).message ?? null };
}
