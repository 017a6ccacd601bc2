// The map: land, graticule, footprints and pictures. There are no tiles: nothing is fetched.

import { CRS, Map as LeafletMap, Polygon, Transformation, Util } from "leaflet/dist/leaflet-src.esm.js";

import { boxOf, isWithin } from "./footprints.js";
import { Graticule } from "./graticule.js";
import { Land, rings } from "./land.js";
import { Locator } from "./locator.js";
import { still } from "./theme.js";
import { TiltedOverlay } from "./tilted.js";

const CLOSEST = 24;
const MARGIN = [24, 24];
const HIGHEST = 85;

/** Longitude and latitude in a plane that keeps shapes around a latitude: pictures in degrees are placed exactly. */
function planeAround(latitude) {
  const narrowed = Math.cos((Math.min(HIGHEST, Math.abs(latitude)) * Math.PI) / 180);
  return Util.extend({}, CRS.EPSG4326, {
    transformation: new Transformation(narrowed / 180, 1, -1 / 180, 0.5),
    wrapLng: undefined,
  });
}

const corners = ([west, south, east, north]) => [
  [south, west],
  [north, east],
];

export class PlaceMap {
  opacity = 0.85;
  #map;
  #origin;
  #footprints = new Map();
  #many = null;
  #pictures = new Map();
  #locator;
  #graticule;

  /** @param bounds what is seen first: west, south, east, north */
  constructor(element, bounds) {
    this.#origin = (bounds[0] + bounds[2]) / 2;
    const moves = !still();
    this.#map = new LeafletMap(element, {
      crs: planeAround((bounds[1] + bounds[3]) / 2),
      attributionControl: false,
      fadeAnimation: moves,
      zoomAnimation: moves,
      markerZoomAnimation: moves,
      inertia: moves,
      maxZoom: CLOSEST,
      minZoom: -2,
      zoomSnap: 0.25,
      zoomDelta: 1,
    });
    this.#map.zoomControl.setPosition("bottomright");
    this.#map.createPane("land").style.zIndex = 150;
    const land = rings();
    this.#locator = new Locator(element, land);
    this.#map.on("moveend", () => this.#locator.show(this.#map.getCenter()));
    this.see(bounds);
    new Land(land).addTo(this.#map);
    this.#graticule = requestAnimationFrame(() => new Graticule().addTo(this.#map)); // what was asked for comes first
    element.setAttribute("role", "application");
    element.setAttribute("aria-label", "Map: arrow keys move it, plus and minus zoom");
  }

  /** A footprint, of these rings or of a box; drawn once for each name. */
  outline(name, bounds, rings = [boxOf(bounds)]) {
    this.#footprints.get(name)?.remove();
    const drawn = new Polygon(this.#rings(rings, bounds), { className: "footprint", weight: 1.5, fill: true });
    this.#footprints.set(name, drawn.addTo(this.#map));
  }

  /** The footprints of many, in one drawing: thousands of elements would be slow. Drawn in place of those before. */
  outlineMany(many) {
    this.#many?.remove();
    const polygons = many.map(({ bounds, rings }) => this.#rings(rings, bounds));
    this.#many = new Polygon(polygons, { className: "footprints", weight: 1, fill: true, interactive: false });
    if (many.length) this.#many.addTo(this.#map);
  }

  /** Those of `{bounds, rings}` that a place on the map is within, as [longitude, latitude]. */
  within(many, [x, y]) {
    return many.filter(({ bounds, rings }) => isWithin(rings, [x - this.#turns(bounds), y]));
  }

  /** @param heard is told the longitude and latitude of where the map is clicked */
  onPlace(heard) {
    this.#map.on("click", ({ latlng }) => heard([latlng.lng, latlng.lat]));
  }

  /** A picture within its parallelogram or its bounds, in place of one of the same name. */
  lay({ name, bounds, parallelogram, picture }, description) {
    this.#pictures.get(name)?.remove();
    const near = this.#near(bounds);
    const [west, south, east, north] = near;
    const turns = west - bounds[0];
    const places = parallelogram?.map(([x, y]) => [y, x + turns]) ?? [
      [north, west],
      [north, east],
      [south, west],
    ];
    const overlay = new TiltedOverlay(picture, corners(near), { opacity: this.opacity, alt: description, className: "picture", places });
    this.#pictures.set(name, overlay.addTo(this.#map));
  }

  fade(opacity) {
    this.opacity = opacity;
    for (const picture of this.#pictures.values()) picture.setOpacity(opacity);
  }

  /** Mark one footprint. */
  mark(name) {
    for (const [each, drawn] of this.#footprints) drawn.getElement()?.classList.toggle("chosen", each === name);
  }

  /** See these bounds; all there is where none are given. */
  see(bounds) {
    const drawn = [...this.#footprints.values(), ...(this.#many ? [this.#many] : [])].map((one) => one.getBounds());
    const all = bounds ? [corners(this.#near(bounds))] : drawn.filter((one) => one.isValid());
    if (all.length) this.#map.fitBounds(all.flatMap(points), { padding: MARGIN, animate: false });
  }

  /** The size of its element changed. */
  resized() {
    this.#map.invalidateSize({ animate: false });
  }

  remove() {
    cancelAnimationFrame(this.#graticule);
    this.#map.remove();
  }

  /** Degrees from where bounds are told to the side of the antimeridian that the map is on. */
  #turns([west, , east]) {
    return Math.round((this.#origin - (west + east) / 2) / 360) * 360;
  }

  #near(bounds) {
    const [west, south, east, north] = bounds;
    const turns = this.#turns(bounds);
    return [west + turns, south, east + turns, north];
  }

  /** Rings as Leaflet has them. */
  #rings(rings, bounds) {
    const turns = this.#turns(bounds);
    return rings.map((ring) => ring.map(([x, y]) => [y, x + turns]));
  }
}

const points = (bounds) => (Array.isArray(bounds) ? bounds : [bounds.getSouthWest(), bounds.getNorthEast()]);
