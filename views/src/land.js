// Land, from Natural Earth 1:110m (public domain), simplified when the view is built.

import { LayerGroup, Polygon } from "leaflet/dist/leaflet-src.esm.js";
import packed from "virtual:land";

const TENTHS = 10;
/** Closer than this many degrees across, a coast of 1:110m misleads: it is kilometres off. */
const NARROWEST = 6;

/** Rings of [longitude, latitude]; packed as tenths of a degree, each the distance from the one before. */
export function rings() {
  return packed.map((ring) => {
    const points = [];
    let [x, y] = [0, 0];
    for (let at = 0; at < ring.length; at += 2) {
      x += ring[at];
      y += ring[at + 1];
      points.push([x / TENTHS, y / TENTHS]);
    }
    return points;
  });
}

/** The land, in the worlds left and right of the first too; drawn once it is seen from far enough. */
export class Land extends LayerGroup {
  #rings;
  #drawn = null;

  constructor(rings) {
    super();
    this.#rings = rings;
  }

  onAdd(map) {
    map.on("moveend", this.#adapt, this);
    super.onAdd(map);
    this.#adapt();
  }

  onRemove(map) {
    map.off("moveend", this.#adapt, this);
    super.onRemove(map);
  }

  #adapt() {
    const seen = this._map.getBounds();
    const isFar = seen.getEast() - seen.getWest() >= NARROWEST;
    if (isFar) this.addLayer((this.#drawn ??= this.#draw()));
    else if (this.#drawn) this.removeLayer(this.#drawn);
  }

  #draw() {
    const copies = [-360, 0, 360].flatMap((turn) => this.#rings.map((ring) => [ring.map(([x, y]) => [y, x + turn])]));
    return new Polygon(copies, { className: "land", pane: "land", interactive: false, stroke: false });
  }
}
