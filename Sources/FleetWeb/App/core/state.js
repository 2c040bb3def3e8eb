// What the app knows: who is signed in, which houses there are, and how the battery on the screen is now.

import { effect, resource, signal, untracked } from './store.js';
import { fetchJSON, forget, get, onSignedOut, reachable, send, store } from './api.js';
import { language, languages, speak, write } from './words.js';
import { go, route } from './router.js';

/** The oldest measurement that counts as live, ms; the contract's own limit. */
export const longestLive = 300_000;
/** From this age on a measurement says how old it is, ms. */
export const freshFor = 60_000;

/** The session document; null when nobody is signed in, undefined until that is known. */
export const session = signal(undefined);
/** The clock of the page, once a second while somebody looks. */
export const now = signal(Date.now());
/** { items, storedAt } of the houses that the user sees. */
export const gateways = resource(async () => {
  const found = await get('/v1/gateways?order=alarm&limit=500');
  return { items: found.data.items, storedAt: found.storedAt };
});
/** The open alarms of all houses, newest first. */
export const openAlarms = resource(async () => {
  const found = await get('/v1/alarms?state=open&limit=500');
  return { items: found.data.items, storedAt: found.storedAt };
});
/** The words of alarms and rules in the language of the reader. */
export const texts = resource(async (code) => fetchJSON(`/v1/alarm-texts/${code}`));

/** { house, by }: what the user could see until now, and who let them; null once they know. */
export const parted = signal(null);

const live = signal(null);

/** Whether the server of this session can do something, such as 'rollouts'. */
export const can = (feature) => (session()?.features ?? []).includes(feature);
/** Whether the user may do something: 'read', 'acknowledge', 'configure', 'roll_out', 'administer'. */
export const may = (scope) => (session()?.scopes ?? []).includes(scope);
/** Whether the user was let in to a house, and may only look. */
export const isGuestOf = (house) => Boolean(house?.shared_by) && !may('configure');
export const role = () => session()?.user?.role ?? 'owner';

/** The id of the house on the screen: the address's, else the only one or the first. */
export function currentID() {
  const named = route().screen?.path.startsWith('/g/') || route().screen?.path.startsWith('/gateway/')
    ? route().params.id : null;
  if (named) return named;
  return session()?.gateway ?? gateways.value()?.items[0]?.id ?? null;
}

/** The house on the screen as the list shows it. */
export function currentGateway() {
  const id = currentID();
  return gateways.value()?.items.find((one) => one.id === id) ?? null;
}

export const zone = () => currentGateway()?.zone || undefined;

/**
 * The battery on the screen: `state` is 'loading', 'failed', 'never', 'live', 'stale' or 'offline'; `values` are of
 * now only when it is 'live', else the last that were known; `age` ms.
 */
export function bank() {
  const found = live();
  const offline = !reachable();
  if (!found || found.id !== currentID()) return { state: 'loading', values: null, packs: [], age: null, made: null };
  if (found.error) return { state: 'failed', problem: found.error, values: null, packs: [], age: null, made: null };
  const { document } = found;
  const values = document.live ?? document.last_known;
  const age = document.age_ms === null ? null : document.age_ms + Math.max(0, now() - found.at);
  let state = 'live';
  if (document.freshness === 'never') state = 'never';
  else if (offline || found.isKept) state = 'offline';
  else if (document.freshness !== 'live' || age > longestLive) state = 'stale';
  const made = document.made ? Date.parse(document.made) : null;
  const packs = document.packs.map((pack) => {
    const own = pack.age_ms === null ? null : pack.age_ms + Math.max(0, now() - found.at);
    const isLive = state === 'live' && pack.live !== null && own !== null && own <= longestLive;
    return { pack: pack.pack, serial: pack.serial, status: pack.status, age: own, isLive, values: pack.live ?? pack.last_known };
  });
  return { state, values, packs, age, made, way: found.way };
}

/** Looks up who is signed in; with a gateway that has no password yet, leads to the first use. */
export async function loadSession() {
  try {
    const found = await get('/v1/session');
    await begin(found.data);
  } catch (problem) {
    session.set(null);
    // what was kept belongs to whoever was signed in
    if (problem.status === 401) await forget();
    const type = problem.type?.replaceAll('-', '_');
    if (type === 'first_use_needed') return '/first-use';
    if (problem.type === 'network') return null;
  }
  return null;
}

/** Starts with a session document. */
export async function begin(document) {
  if (session.peek() === null) await forget();
  store('/v1/session', JSON.stringify(document));
  const asked = document.user?.language;
  if (asked in languages && asked !== language.peek()) {
    write('language', asked);
    await speak(asked);
  }
  session.set(document);
  gateways.load();
  openAlarms.load();
}

/** Ends the session here and at the server. */
export async function signOut() {
  try {
    await send('DELETE', '/v1/session');
  } finally {
    await leave();
  }
}

async function leave() {
  await forget();
  live.set(null);
  gateways.value.set(null);
  openAlarms.value.set(null);
  parted.set(null);
  session.set(null);
  go('/sign-in');
}

/** Looks again which houses there are. */
export async function reload() {
  await gateways.load();
  openAlarms.load();
}

/** Whether the house on the screen may be seen no longer; whoever is signed in still is told so. */
async function part(id) {
  try {
    await get('/v1/session', { keep: false });
  } catch (problem) {
    if (problem.status === 401) await leave();
    return problem.status === 401;
  }
  const house = gateways.value.peek()?.items.find((one) => one.id === id);
  await reload();
  if (gateways.value.peek()?.items.some((one) => one.id === id)) return false;
  if (house) parted.set({ house: house.label || id, by: house.shared_by });
  go('/', { replace: true });
  return true;
}

/** Keeps everything of the screen up to date while somebody looks. */
export function start() {
  onSignedOut.call = () => {
    if (session.peek()) leave();
  };
  const visible = signal(document.visibilityState !== 'hidden');
  document.addEventListener('visibilitychange', () => visible.set(document.visibilityState !== 'hidden'));
  addEventListener('offline', () => reachable.set(false));
  addEventListener('online', () => {
    gateways.load();
    openAlarms.load();
  });
  setInterval(() => {
    if (visible.peek()) now.set(Date.now());
  }, 1000);
  setInterval(() => {
    if (!visible.peek() || !session.peek()) return;
    gateways.load();
    openAlarms.load();
  }, 30_000);
  let end = null;
  let watched = null;
  effect(() => {
    const id = session() && visible() ? currentID() : null;
    if (id === watched) return;
    watched = id;
    end?.();
    end = id ? untracked(() => watch(id)) : null;
  });
  effect(() => {
    if (session() && language()) texts.load(language());
  });
}

/** Follows one battery by events, and by asking while there are none. */
function watch(id) {
  let ended = false;
  let source = null;
  let timer = null;
  let asked = 0;
  const path = `/v1/gateways/${encodeURIComponent(id)}/live`;

  function take(document, way) {
    if (ended) return;
    now.set(Date.now());
    live.set({ id, document, at: Date.now(), isKept: false, way });
  }

  async function ask() {
    clearTimeout(timer);
    try {
      const found = await get(path);
      if (ended) return;
      if (found.storedAt) {
        now.set(Date.now());
        live.set({ id, document: found.data, at: found.storedAt, isKept: true, way: 'kept' });
      } else take(found.data, 'asked');
      // nobody tells of alarms either while there are no events
      if (source?.readyState !== 1 && ++asked % 4 === 0) openAlarms.load();
    } catch (problem) {
      if (!ended && live.peek()?.id !== id) live.set({ id, error: problem });
      else if (!ended && problem.status === 404) part(id);
    }
    if (!ended) plan(!reachable.peek() ? 4000 : source?.readyState === 1 ? 15_000 : 1500);
  }

  function plan(wait) {
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
  }

  let keptAt = 0;
  function follow() {
    if (ended || !('EventSource' in self) || !can('events')) return;
    source = new EventSource(`/v1/events?gateway=${encodeURIComponent(id)}`);
    source.addEventListener('open', () => {
      plan(15_000);
      reachable.set(true);
    });
    source.addEventListener('live', (event) => {
      // a proxy may let a stream die without a word: then asking goes on
      plan(30_000);
      reachable.set(true);
      take(JSON.parse(event.data), 'told');
      if (Date.now() - keptAt > 10_000) {
        keptAt = Date.now();
        store(path, event.data);
      }
    });
    source.addEventListener('alarms', () => {
      openAlarms.load();
      gateways.load();
    });
    source.addEventListener('session_ended', async () => {
      clearTimeout(timer);
      source.close();
      if (await part(id) || ended) return;
      plan(1500);
      setTimeout(follow, 15_000);
    });
    source.addEventListener('error', () => {
      if (ended) return;
      ask();
      // the browser tries again by itself unless it was refused for good
      if (source.readyState === 2) setTimeout(follow, 15_000);
    });
  }

  ask().then(follow);
  return () => {
    ended = true;
    clearTimeout(timer);
    source?.close();
  };
}

/** Says that the user looks after an alarm. */
export async function acknowledge(alarm, key) {
  const { gateway, code, level, pack } = alarm;
  const answer = await send('POST', '/v1/alarms/acknowledge', { gateway, code, level, pack }, key);
  await openAlarms.load();
  gateways.load();
  return answer;
}

