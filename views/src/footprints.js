// Where items lie: rings of [longitude, latitude], as the server packs them into an answer's `_meta`.

const MOST = 20_000;
/** Of mean directions from the centre of the Earth: places of less lie all around it. */
const LEAST_GATHERED = 0.2;

const list = (value) => (Array.isArray(value) ? value : []);
const isPair = (value) => list(value).length === 2 && value.every(Number.isFinite);

/** @returns `{output, id, rings, bounds}` of each item that has a place; `id` is null where there are too many to name */
export function footprintsOf(told) {
  const { origin, step } = told ?? {};
  if (!isPair(origin) || !isPair(step)) return [];
  return list(told.outputs)
    .flatMap((output) =>
      list(output?.rings).map((packed, place) => {
        const rings = unpacked(packed, origin, step);
        const id = list(output.ids)[place];
        return { output: output.output_id, id: id === undefined ? null : String(id), rings, bounds: boundsAround(rings) };
      }),
    )
    .filter((one) => one.bounds)
    .slice(0, MOST);
}

/** A ring around west, south, east and north. */
export const boxOf = ([west, south, east, north]) => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
];

/** Whether a place is within rings, those of holes left out. */
export function isWithin(rings, [x, y]) {
  let within = false;
  for (const ring of rings) {
    let [ax, ay] = ring.at(-1);
    for (const [bx, by] of ring) {
      if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) within = !within;
      [ax, ay] = [bx, by];
    }
  }
  return within;
}

/** Bounds around many, on whichever side of the antimeridian most of them are; null of none. */
export function boundsAroundAll(many) {
  const told = many.filter(Boolean);
  if (!told.length) return null;
  const turns = told.map(([west, , east]) => ((west + east) * Math.PI) / 360);
  const [x, y] = [Math.cos, Math.sin].map((part) => turns.reduce((sum, turn) => sum + part(turn), 0) / told.length);
  const middle = Math.hypot(x, y) < LEAST_GATHERED ? 0 : (Math.atan2(y, x) * 180) / Math.PI;
  const near = told.map(([west, south, east, north]) => {
    const turn = Math.round((middle - (west + east) / 2) / 360) * 360;
    return [[west + turn, south], [east + turn, north]];
  });
  return boundsAround(near);
}

/** Whole steps from the origin, each corner from the one before; rings with `;` between. */
function unpacked(packed, [west, south], [across, up]) {
  return String(packed ?? "")
    .split(";")
    .map((ring) => ring.split(" ").filter(Boolean).map(Number))
    .filter((steps) => steps.length && steps.length % 2 === 0 && steps.every(Number.isFinite))
    .map((steps) => {
      const ring = [];
      let [x, y] = [0, 0];
      for (let at = 0; at < steps.length; at += 2) {
        x += steps[at];
        y += steps[at + 1];
        ring.push([west + x * across, south + y * up]);
      }
      return ring;
    });
}

function boundsAround(rings) {
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of rings.flat()) {
    bounds[0] = Math.min(bounds[0], x);
    bounds[1] = Math.min(bounds[1], y);
    bounds[2] = Math.max(bounds[2], x);
    bounds[3] = Math.max(bounds[3], y);
  }
  return bounds.every(Number.isFinite) ? bounds : null;
}
