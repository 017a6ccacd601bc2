// The host's colours, else the system's: light-dark() in the style sheet follows `color-scheme`.

const NAMES = /^--(color|font|border-radius)-[a-z0-9-]+$/;

export function applyTheme(context) {
  const root = document.documentElement;
  if (context.theme === "dark" || context.theme === "light") root.style.colorScheme = context.theme;
  for (const [name, value] of Object.entries(context.styles?.variables ?? {})) {
    // Nothing may be fetched: fonts of the host stay out, and so does any value with an address.
    if (NAMES.test(name) && typeof value === "string" && !/url|image/i.test(value)) root.style.setProperty(name, value);
  }
  const { width, height, maxWidth } = context.containerDimensions ?? {};
  root.classList.toggle("filled", context.displayMode === "fullscreen" || height !== undefined);
  root.style.maxWidth = width === undefined && maxWidth ? `${maxWidth}px` : "";
}

/** Whether the person asked for less motion. */
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
