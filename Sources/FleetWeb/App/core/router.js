// Which screen is shown: its path, its parameters, and how to get elsewhere.

import { signal } from './store.js';
import { screens } from './screens.js';

/** What is shown: { screen, params, path }. */
export const route = signal(match(location.pathname));

/** The screen at a path. */
export function match(path) {
  for (const screen of screens) {
    const expected = screen.path.split('/');
    const found = path.split('/');
    if (expected.length !== found.length) continue;
    const params = {};
    const fits = expected.every((part, place) => {
      if (!part.startsWith('{')) return part === found[place];
      const value = decoded(found[place]);
      params[part.slice(1, -1)] = value;
      return value !== '';
    });
    if (fits) return { screen, params, path };
  }
  return { screen: null, params: {}, path };
}

/** What a part of a path stands for; empty when that is nothing. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

/** Goes to a path of the app. */
export function go(path, { replace = false } = {}) {
  if (path !== location.pathname + location.search + location.hash) {
    history[replace ? 'replaceState' : 'pushState']({}, '', path);
  }
  route.set(match(location.pathname));
}

/** Whether a path is shown, or one below it. */
export function isWithin(path) {
  return route().path === path || (path !== '/' && route().path.startsWith(`${path}/`));
}

export function start() {
  addEventListener('popstate', () => route.set(match(location.pathname)));
  // links are links: a click with a key held opens what it opens elsewhere
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    if (!link || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.target || link.hasAttribute('download')) return;
    if (link.hash && link.pathname === location.pathname) return;
    if (!match(link.pathname).screen) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
