import { effect, signal, untracked } from './core/store.js';
import { h, patch } from './core/dom.js';
import { language, preferredLanguage, speak, t } from './core/words.js';
import { go, match, route, start as startRouter } from './core/router.js';
import { loadSession, role, session, start as startState } from './core/state.js';
import { load } from './core/parts.js';
import { empty, failed, loading, page } from './parts/basics.js';
import { shell } from './parts/shell.js';

const root = document.getElementById('app');
/** What draws the screen: { key, render }; null while it is loaded. */
const view = signal(null);

/** Where somebody starts. */
export const startOf = (who) => (['operator', 'admin'].includes(who) ? '/fleet' : '/');

async function begin() {
  await speak(preferredLanguage());
  startRouter();
  const invited = new URLSearchParams(location.hash.slice(1)).get('first-use');
  if (invited) {
    sessionStorage.setItem('first-use', invited);
    go('/first-use', { replace: true });
  }
  const elsewhere = await loadSession();
  if (elsewhere) go(elsewhere, { replace: true });
  startState();
  effect(guard);
  effect(choose);
  effect(draw);
  effect(title);
  listen();
}

/** Leads to the sign-in and back. */
function guard() {
  const { screen, path } = route();
  const isIn = Boolean(session());
  untracked(() => {
    if (!isIn && !screen?.open) {
      const back = path === '/' ? '' : `?to=${encodeURIComponent(path + location.search)}`;
      // what stands behind the '#', such as the code of a label, stays there: no server and no log sees it
      go(`/sign-in${back}${location.hash}`, { replace: true });
    } else if (isIn && screen?.name === 'sign_in') {
      const to = new URLSearchParams(location.search).get('to') ?? '/';
      go(match(to.split('?')[0]).screen ? to + location.hash : '/', { replace: true });
    } else if (isIn && path === '/' && startOf(role()) !== '/') {
      go(startOf(role()), { replace: true });
    }
  });
}

let shown = null;
function choose() {
  const { screen, params, path } = route();
  const allowed = !screen?.roles || screen.roles.includes(role());
  const key = screen && allowed ? path : null;
  untracked(async () => {
    if (!key) {
      shown = null;
      view.set({ key: path, render: nothing });
      return;
    }
    if (shown === key && view.peek()) return;
    shown = key;
    view.set(null);
    try {
      const module = await load(`views/${screen.view}.js`);
      if (shown !== key) return;
      view.set({ key, render: module.default(params) });
      scrollTo(0, 0);
    } catch (problem) {
      reportError(problem);
      if (shown === key) view.set({ key, render: () => page({ title: t('failed.title') }, failed(problem, () => location.reload())) });
    }
  });
}

function nothing() {
  return page({ title: t('missing.title') },
    empty({ icon: 'search', title: t('missing.words') }, h('a', { class: 'button plain', href: '/' }, t('missing.home'))));
}

let focused = null;
function draw() {
  const current = view();
  language();
  patch(root, shell(current ? h('div', { key: current.key, class: 'screen' }, current.render()) : loading()));
  // whoever cannot see the screen change is told by the focus; not on the first screen, where the browser does
  if (current && focused !== current.key) {
    if (focused !== null) root.querySelector('h1')?.focus({ preventScroll: true });
    focused = current.key;
  }
}

function title() {
  const name = route().screen?.name;
  language();
  document.title = name ? `${t(`screen.${name}`)} · Amphora` : 'Amphora';
}

function listen() {
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.register('/sw.js').catch(() => { /* plain HTTP on a home network has none */ });
  navigator.serviceWorker.addEventListener('message', (event) => {
    if (event.data?.type === 'open') go(event.data.url);
  });
}

begin();
