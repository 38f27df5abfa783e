// Keeps what an officer is writing on this device until it is saved: a lost line, a closed page or an ended session loses
// nothing. A form asks for it with data-keep="name and version of what is edited"; passwords, files and hidden fields are never
// kept. Everything works without this.
const prefix = 'banlang.draft.'
const week = 7 * 24 * 60 * 60 * 1000

for (const form of document.querySelectorAll('form[data-keep]')) {
  const name = prefix + form.dataset.keep + location.pathname
  const fields = () => [...form.elements].filter((e) => e.name && /^(textarea|text|search|email|url|tel|number|date)$/.test(e.type))
  const kept = JSON.parse(localStorage.getItem(name) || '{}')
  let restored = false
  if (kept.at > Date.now() - week && !form.querySelector('.bad')) {
    for (const e of fields()) {
      if (e.name in kept.text && kept.text[e.name] !== e.value) {
        e.value = kept.text[e.name]
        restored = true
      }
    }
  }
  const note = form.querySelector('[data-kept]')
  if (restored && note) note.textContent = note.dataset.kept
  let wait
  form.addEventListener('input', () => {
    clearTimeout(wait)
    wait = setTimeout(() => {
      const text = Object.fromEntries(fields().map((e) => [e.name, e.value]))
      localStorage.setItem(name, JSON.stringify({ at: Date.now(), text }))
    }, 400)
  })
  form.addEventListener('submit', () => sessionStorage.setItem(prefix + 'sent', name))
}

// Only a page that says it was saved lets the kept text go.
const sent = sessionStorage.getItem(prefix + 'sent')
if (sent && document.querySelector('.flash.ok')) {
  localStorage.removeItem(sent)
  sessionStorage.removeItem(prefix + 'sent')
}

// Signing out leaves nothing behind on a shared machine.
document.querySelector('form[action="/dang-xuat"]')?.addEventListener('submit', () => {
  indexedDB.deleteDatabase('banlang.form') // forms taken along (offline.js)
  globalThis.caches?.delete('banlang.form')
  for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key)
})
