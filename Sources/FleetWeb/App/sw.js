// Keeps the files of one version of the app, so that it starts without a network, and shows what is pushed.
// What the fleet said is kept by the page (core/api.js), which knows how old it is; nothing of /v1 passes here.
const version = '@version@';
const files = ["@files@"];
const shell = `amphora-app-${version}`;

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(shell);
    await cache.addAll([...files, '/']);
    await self.skipWaiting();
  })());
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith('amphora-app-') && name !== shell) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (url.pathname.startsWith('/assets/')) event.respondWith(asset(request));
  else if (request.mode === 'navigate' && !url.pathname.startsWith('/v1/')) event.respondWith(page(request));
});

async function asset(request) {
  return (await caches.match(request)) ?? fetch(request);
}

// The page of the network when it comes soon, so that a new version shows at once; else the kept one.
async function page(request) {
  const kept = await (await caches.open(shell)).match('/');
  if (!kept) return fetch(request);
  const late = new Promise((resolve) => setTimeout(resolve, 3000, null));
  try {
    const answer = await Promise.race([fetch(request), late]);
    return answer?.ok ? answer : answer?.status === 404 ? answer : kept;
  } catch {
    return kept;
  }
}

self.addEventListener('push', (event) => {
  let news = {};
  try {
    news = event.data?.json() ?? {};
  } catch { /* still shown, since the browser was told that each push is */ }
  const urgent = news.level === 'fault' || news.level === 'protection';
  event.waitUntil(self.registration.showNotification(news.title || 'Amphora', {
    body: news.body || '',
    tag: news.tag || 'amphora',
    renotify: true,
    requireInteraction: urgent,
    icon: `/assets/${version}/icons/icon-192.png`,
    badge: `/assets/${version}/icons/icon-192.png`,
    data: { url: inside(news.url) },
  }));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const url = inside(event.notification.data?.url);
  event.waitUntil((async () => {
    const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
    const open = windows[0];
    if (!open) return self.clients.openWindow(url);
    open.postMessage({ type: 'open', url });
    await open.focus().catch(() => { /* not every system lets a page come forward */ });
  })());
});

// An address of this app, whatever the message says.
function inside(url) {
  try {
    const wanted = new URL(url || '/', location.origin);
    return wanted.origin === location.origin ? wanted.pathname + wanted.search : '/';
  } catch {
    return '/';
  }
}
