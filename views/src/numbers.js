// How numbers, sizes and places read.

export const number = (value, digits = 5) =>
  typeof value === "number" ? value.toLocaleString("en", { maximumSignificantDigits: digits }) : String(value ?? "–");

export const km2 = (value) =>
  typeof value === "number" ? `${value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 4 : 2 })} km²` : "–";

export const percent = (value) => (typeof value === "number" ? `${value.toFixed(2)} %` : "–");

export function bytes(count) {
  if (typeof count !== "number") return "";
  const step = Math.min(4, Math.max(0, Math.floor(Math.log10(count || 1) / 3)));
  return `${number(count / 1000 ** step, 3)} ${["B", "kB", "MB", "GB", "TB"][step]}`;
}

/** A degree with its hemisphere; `step` is the distance to its neighbours. */
export function degrees(value, [positive, negative], step) {
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  const size = Math.abs(value).toFixed(digits);
  return Number(size) === 0 ? "0°" : `${size}° ${value > 0 ? positive : negative}`;
}

export const longitude = (value, step) => degrees(((((value + 180) % 360) + 360) % 360) - 180, ["E", "W"], step);
export const latitude = (value, step) => degrees(value, ["N", "S"], step);

/** `1 item`, `2 items`. */
export const plural = (count, noun) => `${number(count, 9)} ${noun}${count === 1 ? "" : "s"}`;

/** A STAC time: the day where it is midnight, both ends of an interval. */
export const time = (value) =>
  String(value)
    .split("/")
    .map((one) => one.replace(/T00:00:00Z$/, "").replace(/T(\d\d:\d\d):\d\dZ$/, " $1 UTC"))
    .join(" to ");

export function duration(seconds) {
  if (typeof seconds !== "number") return "";
  const whole = Math.round(seconds);
  if (whole < 60) return `${seconds < 10 ? seconds.toFixed(1) : whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
