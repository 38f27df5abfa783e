// Brings the page for filling in a form without a network, and what it needs, from the cache that offline.js filled when the form
// was taken along. It looks after the addresses below its own folder only: no page of the desk is ever kept.
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (e) => e.waitUntil(self.clients.claim()))

self.addEventListener('fetch', (e) => {
  const { pathname, origin } = new URL(e.request.url)
  if (e.request.method !== 'GET' || origin !== location.origin) return
  const page = e.request.mode === 'navigate'
  if (page || pathname.startsWith('/static/')) e.respondWith(page ? fresh(e.request) : kept(e.request))
})

const match = (request) => caches.match(request, { cacheName: 'banlang.form', ignoreSearch: true })

// kept files carry a hash in their names: what the cache has is right.
async function kept(request) {
  return await match(request) ?? fetch(request)
}

// fresh asks the network, and takes the kept page where it does not answer in four seconds.
async function fresh(request) {
  const late = new Promise((_, fail) => setTimeout(fail, 4000))
  const network = fetch(request)
  return Promise.race([network, late]).catch(async () => await match(request) ?? network)
}
