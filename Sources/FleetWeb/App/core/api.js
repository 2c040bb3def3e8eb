// Talks to the server, and keeps what it said for the time without one.

import { signal } from './store.js';

/** Whether the last request reached the server. */
export const reachable = signal(true);
/** Called when the session is over. */
export const onSignedOut = { call: () => {} };

const keptName = 'amphora-state';
const mostKept = 80;

/** What went wrong: `type` as the contract names it without its prefix, `network` when there was no answer. */
export class Problem extends Error {
  constructor(type, status, document = {}) {
    super(document.detail ?? type);
    this.type = type;
    this.status = status;
    this.document = document;
    this.after = null;
  }
}

/**
 * The answer to GET as { data, storedAt, tag }; `storedAt` is null for a fresh one, else when it was stored,
 * ms, which means that the server cannot be reached now.
 */
export async function get(path, { keep = true, accept = 'application/json' } = {}) {
  let answer;
  try {
    answer = await fetch(path, { headers: { Accept: accept }, credentials: 'same-origin' });
  } catch {
    reachable.set(false);
    const kept = keep ? await recall(path) : null;
    if (kept) return kept;
    throw new Problem('network', 0);
  }
  // a proxy in front of a fleet that is away answers for it
  if ([502, 504].includes(answer.status)) {
    reachable.set(false);
    const kept = keep ? await recall(path) : null;
    if (kept) return kept;
  }
  reachable.set(true);
  if (!answer.ok) throw await problem(answer);
  const text = await answer.text();
  if (keep) store(path, text);
  return { data: JSON.parse(text), storedAt: null, tag: answer.headers.get('etag') };
}

/** The document alone. */
export async function fetchJSON(path, options) {
  return (await get(path, options)).data;
}

/** Sends something; `headers` may carry If-Match or Idempotency-Key. Null when the answer has no content. */
export async function send(method, path, body, headers = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: {
        'Amphora-Request': 'app',
        Accept: 'application/json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    reachable.set(false);
    throw new Problem('network', 0);
  }
  reachable.set(true);
  if (!answer.ok) throw await problem(answer);
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

/** A key that makes a request count once, however often it is sent. */
export function onceKey() {
  return { 'Idempotency-Key': crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}` };
}

async function problem(answer) {
  let document = {};
  try {
    document = await answer.json();
  } catch { /* whatever answered is not our server */ }
  const found = new Problem((document.type ?? '').split(/[:/]/).pop() || `status_${answer.status}`, answer.status, document);
  found.after = Number(answer.headers.get('retry-after')) || null;
  if (answer.status === 401 && !answer.url.includes('/v1/session')) onSignedOut.call();
  return found;
}

/** Keeps an answer, with the time it came. */
export async function store(path, text) {
  if (!('caches' in self)) return;
  try {
    const cache = await caches.open(keptName);
    await cache.put(path, new Response(text, { headers: { 'Amphora-Stored': String(Date.now()) } }));
    const keys = await cache.keys();
    for (const key of keys.slice(0, Math.max(0, keys.length - mostKept))) await cache.delete(key);
  } catch { /* a full disk costs the memory of the app, not the app */ }
}

async function recall(path) {
  if (!('caches' in self)) return null;
  const kept = await (await caches.open(keptName)).match(path);
  if (!kept) return null;
  return { data: await kept.json(), storedAt: Number(kept.headers.get('Amphora-Stored')), tag: null };
}

/** Forgets all that was kept: it belongs to whoever was signed in. */
export async function forget() {
  if ('caches' in self) await caches.delete(keptName);
}
