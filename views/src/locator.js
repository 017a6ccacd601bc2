// A small world map in the corner: where on Earth the map is.

import { svg } from "./dom.js";
import { latitude, longitude } from "./numbers.js";

export class Locator {
  #mark = svg("circle", { r: 7, class: "locator-mark" });
  #drawn;

  constructor(element, rings) {
    const path = rings
      .map((ring) => `M${ring.map(([x, y]) => `${x} ${-y}`).join("L")}Z`)
      .join("");
    const land = svg("path", { d: path, class: "locator-land" });
    this.#drawn = svg("svg", { viewBox: "-180 -90 360 180", class: "locator", role: "img" }, land, this.#mark);
    element.append(this.#drawn);
  }

  show({ lat, lng }) {
    this.#mark.setAttribute("cx", ((((lng + 180) % 360) + 360) % 360) - 180);
    this.#mark.setAttribute("cy", -lat);
    this.#drawn.setAttribute("aria-label", `The map is at ${latitude(lat, 0.01)}, ${longitude(lng, 0.01)}`);
  }
}
