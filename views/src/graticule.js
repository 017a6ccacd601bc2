// Meridians and parallels at round distances, with their degrees at the edges of the map.

import { DivIcon, LayerGroup, Marker, Polyline } from "leaflet/dist/leaflet-src.esm.js";

import { el } from "./dom.js";
import { latitude, longitude } from "./numbers.js";

const STEPS = [90, 60, 30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001];
const LINE = { className: "graticule", weight: 1, interactive: false, pane: "land" };
const LEAST_PIXELS = 90;

export class Graticule extends LayerGroup {
  onAdd(map) {
    map.on("moveend resize", this.#draw, this);
    super.onAdd(map);
    this.#draw();
  }

  onRemove(map) {
    map.off("moveend resize", this.#draw, this);
    super.onRemove(map);
  }

  #draw() {
    this.clearLayers();
    const seen = this._map.getBounds();
    const [west, east] = [seen.getWest(), seen.getEast()];
    const [south, north] = [Math.max(-90, seen.getSouth()), Math.min(90, seen.getNorth())];
    const size = this._map.getSize();
    const eastward = stepOf(((east - west) / size.x) * LEAST_PIXELS);
    const northward = stepOf(((seen.getNorth() - seen.getSouth()) / size.y) * LEAST_PIXELS * 0.7);
    for (const x of multiples(west, east, eastward)) {
      this.#line([[south, x], [north, x]], [seen.getSouth(), x], longitude(x, eastward), "meridian");
    }
    for (const y of multiples(south, north, northward)) {
      this.#line([[y, west], [y, east]], [y, west], latitude(y, northward), "parallel");
    }
  }

  #line(points, at, label, kind) {
    this.addLayer(new Polyline(points, LINE));
    const { x, y } = this._map.latLngToContainerPoint(at);
    const size = this._map.getSize();
    // No label in the corners, where it would meet another or the buttons.
    if (kind === "meridian" ? x < 50 || x > size.x - 90 : y < 10 || y > size.y - 26) return;
    const icon = new DivIcon({ html: el("span", {}, label), className: `degree ${kind}`, iconSize: null });
    this.addLayer(new Marker(at, { icon, interactive: false, keyboard: false }));
  }
}

/** The least round step that is not under `least` degrees. */
const stepOf = (least) => STEPS.findLast((step) => step >= least) ?? STEPS[0];

function multiples(from, to, step) {
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.max(0, Math.floor(to / step) - first + 1) }, (_, n) => (first + n) * step);
}
