// Shows what was sent to this browser, also while no page is open, and opens its page when it is tapped.
self.addEventListener('install', () => self.skipWaiting())

self.addEventListener('push', (e) => {
  let note = {}
  try {
    note = e.data?.json() ?? {}
  } catch {
    return
  }
  const { title, text, lang, url, tag, stay } = note
  if (!title) return
  e.waitUntil(self.registration.showNotification(title, { body: text, lang, tag, renotify: Boolean(tag), requireInteraction: Boolean(stay), data: { url } }))
})

self.addEventListener('notificationclick', (e) => {
  e.notification.close()
  const { url } = e.notification.data ?? {}
  if (!url || new URL(url, location.origin).origin !== location.origin) return
  e.waitUntil(self.clients.openWindow(url))
})
