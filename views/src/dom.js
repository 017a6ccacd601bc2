// Elements whose text is always text: what a server said is never parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element; attributes that are functions listen, children that are strings become text. */
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** A square of a colour; one that is no `#rrggbb` is not shown. */
export function swatch(colour) {
  const square = el("span", { class: "swatch", "aria-hidden": "true" });
  if (/^#[0-9a-f]{6}$/i.test(colour)) square.style.backgroundColor = colour;
  return square;
}

/** A link, if it leads to http or https; else the address as text. */
export function link(address, open) {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url?.protocol !== "https:" && url?.protocol !== "http:") return el("span", { class: "address" }, String(address));
  const click = (event) => {
    event.preventDefault();
    open(url.href);
  };
  return el("a", { href: url.href, rel: "noreferrer noopener", target: "_blank", class: "address", click }, address);
}
