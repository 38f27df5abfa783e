// Keeps what an officer is writing on this device until it is saved: a lost line or a closed page loses nothing.
// A form asks for it with data-keep="name"; passwords, files and hidden fields are never kept. Everything works without this.
const prefix = 'banlang.draft.'

for (const form of document.querySelectorAll('form[data-keep]')) {
  const name = prefix + form.dataset.keep + location.pathname
  const kept = () => [...form.elements].filter((e) => e.name && /^(textarea|text|search|email|url|tel|number|date)$/.test(e.type))
  const stored = JSON.parse(localStorage.getItem(name) || '{}')
  let restored = false
  for (const e of kept()) {
    if (e.name in stored && stored[e.name] !== e.value && !form.querySelector('.bad')) {
      e.value = stored[e.name]
      restored = true
    }
  }
  const note = form.querySelector('[data-kept]')
  if (restored && note) note.textContent = note.dataset.kept
  let wait
  form.addEventListener('input', () => {
    clearTimeout(wait)
    wait = setTimeout(() => {
      localStorage.setItem(name, JSON.stringify(Object.fromEntries(kept().map((e) => [e.name, e.value]))))
    }, 400)
  })
  // Saved is saved: the page that comes back without an error has it.
  form.addEventListener('submit', () => sessionStorage.setItem(prefix + 'sent', name))
}

const sent = sessionStorage.getItem(prefix + 'sent')
if (sent && !document.querySelector('.flash.bad')) {
  localStorage.removeItem(sent)
  sessionStorage.removeItem(prefix + 'sent')
}

// Signing out leaves nothing behind on a shared machine.
document.querySelector('form[action="/dang-xuat"]')?.addEventListener('submit', () => {
  for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key)
})
