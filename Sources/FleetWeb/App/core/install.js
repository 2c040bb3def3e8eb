// Installing the app, and notifications on this device.

import { signal } from './store.js';
import { fetchJSON, send } from './api.js';

let asked = null;
/** 'installed', 'possible', 'ios' or 'none'. */
export const installing = signal(first());

function first() {
  if (matchMedia('(display-mode: standalone)').matches || navigator.standalone) return 'installed';
  return /iphone|ipad/i.test(navigator.userAgent) ? 'ios' : 'none';
}

addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault();
  asked = event;
  installing.set('possible');
});
addEventListener('appinstalled', () => installing.set('installed'));

export async function install() {
  await asked?.prompt();
  asked = null;
}

/** 'on', 'off', 'denied' or 'none'. */
export const pushing = signal('off');

const canPush = () => 'serviceWorker' in navigator && 'PushManager' in self && 'Notification' in self;

export async function lookAtPush() {
  if (!canPush()) return pushing.set('none');
  if (Notification.permission === 'denied') return pushing.set('denied');
  const worker = await navigator.serviceWorker.getRegistration();
  pushing.set((await worker?.pushManager.getSubscription()) ? 'on' : 'off');
}

export async function switchPush(on) {
  const worker = await navigator.serviceWorker.ready;
  const before = await worker.pushManager.getSubscription();
  if (!on) {
    const id = localStorage.getItem('push');
    if (id) await send('DELETE', `/v1/push-subscriptions/${encodeURIComponent(id)}`).catch(() => {});
    localStorage.removeItem('push');
    await before?.unsubscribe();
  } else {
    if ((await Notification.requestPermission()) !== 'granted') return lookAtPush();
    const { key } = await fetchJSON('/v1/push-key', { keep: false });
    const subscription = before ?? await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const kept = await send('POST', '/v1/push-subscriptions', subscription.toJSON());
    if (kept?.id) localStorage.setItem('push', kept.id);
  }
  return lookAtPush();
}
