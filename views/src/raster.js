// What is known of one picture or raster: legend, classes, statistics, histogram, provenance.

import { el, svg, swatch } from "./dom.js";
import { km2, latitude, longitude, number, percent, time } from "./numbers.js";

const BAR = { width: 240, height: 64 };

const STRETCHED = "; stretched to its bounds in degrees, which leaves out how its grid is tilted";
const TILTED = "; laid as the parallelogram nearest to its corners, between which places are approximate";

/** How a picture on the map is off, whose grid is not one of degrees. */
const isOff = ({ bounds, parallelogram, isOfDegrees }) => (!bounds || isOfDegrees ? "" : parallelogram ? TILTED : STRETCHED);

/** The last segments of a raster's handle, decoded: output / item / asset; of another address the file. */
export function nameOf(handle) {
  if (!handle.startsWith("ogc://")) return decoded(handle.split(/[?#]/)[0].split("/").at(-1)) || handle;
  return handle
    .split("/")
    .slice(-3)
    .filter((segment) => segment !== "-")
    .map(decoded)
    .join(" / ");
}

function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export function rasterDetails(shown) {
  const classified = shown.bands.some((band) => band.classes.length);
  return [
    !classified && shown.legend.length ? legend(shown) : null,
    ...shown.bands.map((band, place) => bandDetails(band, place === 0)),
    shown.transitions.length ? transitionTable(shown.transitions) : null,
    shown.difference ? el("section", { "aria-label": "After minus before" }, statistics(shown.difference), drawHistogram(shown.difference.histogram)) : null,
    shown.bands.length ? null : el("pre", {}, shown.text),
    shown.about ? el("p", { class: "note" }, `Picture: ${shown.about}${isOff(shown)}.`) : null,
    ...shown.notes.map((note) => el("p", { class: "note" }, note)),
    facts(profile(shown)),
  ];
}

function legend(shown) {
  const entries = shown.legend.map((entry) => el("li", {}, swatch(entry.colour), String(entry.label)));
  return el("ul", { class: "legend", "aria-label": "Legend" }, entries);
}

function bandDetails(band, open) {
  const title = ["Band", band.band, band.untrusted.description, band.dtype].filter((one) => one !== undefined).join(" ");
  const body = band.classes.length ? classTable(band) : statistics(band);
  return el("details", { open }, el("summary", {}, title), body, drawHistogram(band.histogram));
}

function classTable(band) {
  const rows = band.classes.map((one) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, swatch(one.colour), `${one.value} ${one.name ?? ""}`.trim()),
      el("td", {}, km2(one.km2)),
      el("td", {}, percent(one.percent_of_all)),
      el("td", {}, percent(one.percent_of_valid)),
    ),
  );
  const heads = ["class", "area", "of all pixels", "of valid"].map((name) => el("th", { scope: "col" }, name));
  return [
    el("table", { class: "classes" }, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows)),
    el("p", { class: "note" }, `Nodata: ${percent(band.nodata_percent)} of all pixels.`),
  ];
}

function transitionTable(transitions) {
  const rows = transitions.map((one) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, `${one.before} ${one.name_before ?? ""}`.trim()),
      el("th", { scope: "row" }, `${one.after} ${one.name_after ?? ""}`.trim()),
      el("td", {}, km2(one.km2)),
      el("td", {}, percent(one.percent)),
    ),
  );
  const heads = ["before", "after", "area", "of valid in both"].map((name) => el("th", { scope: "col" }, name));
  return el("table", { class: "classes" }, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows));
}

function statistics(band) {
  const found = { minimum: band.minimum, maximum: band.maximum, mean: band.mean, "standard deviation": band.std };
  const told = Object.entries(found).filter(([, value]) => value !== undefined);
  const ranks = Object.entries(band.percentiles).map(([rank, value]) => [`${rank} % of pixels up to`, value]);
  return facts([
    ...[...told, ...ranks].map(([name, value]) => [name, number(value)]),
    ["valid", [percent(band.valid_percent), band.valid_km2 === undefined ? "" : ` = ${km2(band.valid_km2)}`].join("")],
    ["nodata", percent(band.nodata_percent)],
  ]);
}

function drawHistogram({ counts, low, high }) {
  if (!Array.isArray(counts) || !counts.length || !counts.every(Number.isFinite)) return null;
  const most = Math.max(...counts, 1);
  const wide = BAR.width / counts.length;
  const bars = counts.map((count, place) => {
    const tall = (count / most) * BAR.height;
    const [x, y] = [place * wide, BAR.height - tall];
    return svg("rect", { x, y, width: Math.max(0.5, wide - 0.5), height: tall });
  });
  const label = `Histogram from ${number(low)} to ${number(high)}; the fullest of ${counts.length} bins has ${number(most, 9)} pixels`;
  const drawn = svg("svg", { viewBox: `0 0 ${BAR.width} ${BAR.height}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, bars);
  const ends = el("figcaption", {}, el("span", {}, number(low)), el("span", {}, number(high)));
  return el("figure", { class: "histogram" }, drawn, ends);
}

function profile({ told, bounds, resolution, source }) {
  const rows = [];
  if (told.width) rows.push(["size", `${number(told.width, 9)} × ${number(told.height, 9)} pixels`]);
  if (resolution.length) rows.push(["pixel", `${resolution.map((one) => number(one)).join(" × ")} ${told.resolution_unit ?? ""}`]);
  if (told.crs) rows.push(["CRS", told.crs]);
  if (told.km2 !== undefined) rows.push(["area", km2(told.km2)]);
  if (bounds) {
    const [west, south, east, north] = bounds;
    rows.push(["longitude", `${longitude(west, 0.0001)} to ${longitude(east, 0.0001)}`]);
    rows.push(["latitude", `${latitude(south, 0.0001)} to ${latitude(north, 0.0001)}`]);
  }
  if (source.method) rows.push([source.exact ? "exact" : "approximate", source.method]);
  if (source.time) rows.push(["read", time(source.time)]);
  if (source.checksum ?? source.etag) rows.push([source.checksum ? "checksum" : "ETag", source.checksum ?? source.etag]);
  return rows;
}

export function facts(rows) {
  return el("dl", {}, rows.flatMap(([name, value]) => [el("dt", {}, String(name)), el("dd", {}, String(value))]));
}
