// Loads a module of the app when it is needed; the address carries the version.

/** The module at a path below the app's folder. */
export function load(path) {
  return import(new URL(`../${path}`, import.meta.url).href);
}
