// A picture that lies askew on the map: its corners make a parallelogram.

import { ImageOverlay } from "leaflet/dist/leaflet-src.esm.js";

/** With `places`, an option: latitude and longitude of the picture's upper left, upper right and lower left corner. */
export class TiltedOverlay extends ImageOverlay {
  onAdd(map) {
    super.onAdd(map);
    this.getElement().style.transformOrigin = "0 0";
  }

  _reset() {
    const origin = this._map.getPixelOrigin();
    const points = this.options.places.map((place) => this._map.project(place).subtract(origin));
    const [corner, right, below] = points;
    const style = this.getElement().style;
    style.width = `${corner.distanceTo(right)}px`;
    style.height = `${corner.distanceTo(below)}px`;
    this.#lay(points);
  }

  _animateZoom({ zoom, center }) {
    this.#lay(this.options.places.map((place) => this._map._latLngToNewLayerPoint(place, zoom, center)));
  }

  /** Move the picture's corners to these points of the layer, whatever its width and height. */
  #lay([corner, right, below]) {
    const { style } = this.getElement();
    const across = right.subtract(corner).divideBy(Number.parseFloat(style.width) || 1);
    const down = below.subtract(corner).divideBy(Number.parseFloat(style.height) || 1);
    style.transform = `matrix(${[across, down, corner].flatMap(({ x, y }) => [x, y]).join(",")})`;
  }
}
