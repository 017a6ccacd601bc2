// Builds mcp_ogc/views/view.html: one file, nothing fetched. With a path, writes it there instead.

import { readFile, writeFile } from "node:fs/promises";

import { build } from "esbuild";
import { feature } from "topojson-client";
import { presimplify, simplify } from "topojson-simplify";

const here = (path) => new URL(path, import.meta.url);
const read = (path) => readFile(here(path), "utf8");

/** Square degrees: triangles smaller than that are dropped from the coast. */
const LEAST_TRIANGLE = 0.15;
const TENTHS = 10;

/** Natural Earth's land as rings of tenths of a degree, each point the distance from the one before. */
async function land() {
  const topology = JSON.parse(await read("node_modules/world-atlas/land-110m.json"));
  const simple = simplify(presimplify(topology), LEAST_TRIANGLE);
  const polygons = feature(simple, simple.objects.land).features.flatMap(({ geometry }) =>
    geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates,
  );
  return polygons.map(([outer]) => packed(outer)).filter((ring) => ring.length >= 8);
}

function packed(ring) {
  let last = [0, 0];
  const steps = [];
  for (const point of ring.map(([x, y]) => [Math.round(x * TENTHS), Math.round(y * TENTHS)])) {
    const step = [point[0] - last[0], point[1] - last[1]];
    if (step[0] || step[1] || !steps.length) steps.push(...step);
    last = point;
  }
  return steps;
}

const landModule = {
  name: "land",
  setup(run) {
    run.onResolve({ filter: /^virtual:land$/ }, ({ path }) => ({ path, namespace: "land" }));
    run.onLoad({ filter: /.*/, namespace: "land" }, async () => ({ contents: JSON.stringify(await land()), loader: "json" }));
  },
};

async function bundle() {
  const { version } = JSON.parse(await read("package.json"));
  const built = await build({
    entryPoints: [new URL("src/main.js", import.meta.url).pathname],
    bundle: true,
    minify: true,
    write: false,
    outdir: "out",
    format: "iife",
    target: ["chrome123", "firefox121", "safari17.5"],
    charset: "utf8",
    legalComments: "none",
    loader: { ".png": "dataurl" },
    define: { VERSION: JSON.stringify(version) },
    plugins: [landModule],
  });
  const of = (ending) => built.outputFiles.find((file) => file.path.endsWith(ending)).text.trim();
  return { script: of(".js").replaceAll("</script", "<\\/script"), style: of(".css") };
}

async function licences() {
  const leaflet = JSON.parse(await read("node_modules/leaflet/package.json"));
  const atlas = JSON.parse(await read("node_modules/world-atlas/package.json"));
  return [
    "Made by make view from views/; edit there.",
    `Leaflet ${leaflet.version} (https://leafletjs.com) is inside, under this licence:\n\n${await read("node_modules/leaflet/LICENSE")}`,
    `The land is Natural Earth's 1:110m (public domain), from world-atlas ${atlas.version}, under this licence:\n\n` +
      (await read("node_modules/world-atlas/LICENSE")),
  ]
    .map((text) => text.trim().replaceAll("--", "- -"))
    .join("\n\n");
}

const { script, style } = await bundle();
const page = await read("src/index.html");
const notice = await licences();
const html = page
  .replace("<html", () => `<!--\n${notice}\n-->\n<html`)
  .replace("</head>", () => `<style>${style}</style>\n</head>`)
  .replace("</body>", () => `<script>${script}</script>\n</body>`);
await writeFile(process.argv[2] ?? here("../mcp_ogc/views/view.html"), html);
