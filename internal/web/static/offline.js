// Sends what is typed into a form while one types, keeps on this device what could not be sent, and takes a form along to where
// there is no network. The table itself and its rules are form.js, whose address stands at data-form-script, as it carries a hash.
const name = 'banlang.form' // of the database and of the cache on this device
const shell = '/ngoai-mang/bieu'

// clear leaves nothing behind on a shared device.
export function clear() {
  indexedDB.deleteDatabase(name)
  globalThis.caches?.delete(name)
}
document.querySelector('form[action="/dang-xuat"]')?.addEventListener('submit', clear)

// store works on what this device keeps, each by the address of its report: edits that are not saved yet ("pending"), and forms
// taken along with their edits ("carried").
async function store(mode, work) {
  const db = await new Promise((done, fail) => {
    const open = indexedDB.open(name, 1)
    open.onupgradeneeded = () => { for (const table of ['pending', 'carried']) open.result.createObjectStore(table, { keyPath: 'base' }) }
    open.onsuccess = () => done(open.result)
    open.onerror = () => fail(open.error)
  })
  try {
    return await new Promise((done, fail) => {
      const t = db.transaction(['pending', 'carried'], mode)
      const asked = work(t)
      t.oncomplete = () => done(asked?.result)
      t.onerror = t.onabort = () => fail(t.error)
    })
  } finally {
    db.close()
  }
}
const kept = (table, base) => store('readonly', (t) => t.objectStore(table).get(base)).catch(() => undefined)
const put = (table, record) => store('readwrite', (t) => t.objectStore(table).put(record))
const drop = (table, base) => store('readwrite', (t) => t.objectStore(table).delete(base))

// post sends cells and gives the server's reply, or {problem: 'offline' | 'signin' | 'refused'}.
async function post(base, body) {
  try {
    const r = await fetch(base + '/o', {
      method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body: JSON.stringify(body), redirect: 'manual',
    })
    if (r.type === 'opaqueredirect' || r.status === 401) return { problem: 'signin' }
    if (r.status === 429 || r.status > 500) return { problem: 'offline' }
    return r.ok ? await r.json() : { problem: 'refused', status: r.status }
  } catch {
    return { problem: 'offline' }
  }
}

const clock = (when) => new Date(when).toLocaleTimeString('vi', { hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Ho_Chi_Minh' })
const alike = (a, b) => a && a.text === b.text && (a.note ?? '') === (b.note ?? '')

// outbox holds the edits of a form until the server has them. What was sent and not answered is sent again under the same key.
// keep({sent, edits}) writes them to this device.
function outbox(ui, page, keep) {
  let sent
  let last = Promise.resolve()
  const hold = () => keep({ sent, edits: [...ui.edits.values()] }).catch(() => {}) // a browser that keeps nothing still sends

  async function attempt() {
    sent ??= ui.waiting()
    if (!sent) return undefined
    await hold()
    const reply = await post(page.base, sent)
    if (reply.problem) return reply
    const { cells } = sent
    for (const c of cells) if (alike(ui.edits.get(c.cell), c)) ui.edits.delete(c.cell)
    sent = undefined
    ui.took(reply, cells)
    await hold()
    return { saved: reply.saved, count: cells.length - (reply.conflicts ?? []).length }
  }

  return {
    hold,
    resume(record) {
      sent = record.sent
      ui.again(record.edits ?? [])
    },
    // send gives undefined where nothing waits, {problem} or {saved, count}. One goes after the other.
    send: () => last = last.then(attempt),
  }
}

// online saves a form of the desk while one types.
async function online(form, page, { run, element }) {
  let pause = 0
  let timer
  const later = (ms) => { clearTimeout(timer); timer = setTimeout(flush, ms) }
  let carried // the copy taken along, if there is one
  const status = (text) => {
    const e = form.querySelector('[data-saved]')
    if (e && e.textContent !== text) e.textContent = text
  }
  const ui = run(form, page, () => { box.hold(); later(800) })
  const box = outbox(ui, page, (waits) => waits.sent || waits.edits.length ? put('pending', { base: page.base, ...waits }) : drop('pending', page.base))

  async function flush() {
    const answer = await box.send()
    if (!answer) return
    if (answer.problem) {
      pause = Math.min(60, pause * 2 || 4)
      if (answer.problem === 'offline') later(pause * 1000)
      return status(ui.text(answer.problem, 'Count', ui.edits.size, 'Status', answer.status ?? ''))
    }
    pause = 0
    if (carried) await put('carried', { base: page.base, page, edits: [] })
    status(ui.text('saved', 'Time', clock(answer.saved)))
    later(0) // what was typed meanwhile
  }

  form.addEventListener('change', () => later(50))
  form.addEventListener('submit', async (e) => { // what is under way comes first, else it would look like somebody else's
    if (!ui.edits.size) return
    e.preventDefault()
    await flush()
    if (!ui.edits.size) form.requestSubmit(e.submitter)
  })
  addEventListener('online', () => later(0))

  // What an earlier visit, or a copy taken along, could not send is sent now; until then both stay where they are kept.
  const pending = await kept('pending', page.base)
  carried = await kept('carried', page.base)
  const waits = [...pending?.edits ?? [], ...carried?.edits ?? []]
  if (waits.length || pending?.sent) {
    box.resume({ sent: pending?.sent, edits: waits })
    later(0)
  }

  const foot = form.querySelector('.foot-bar')
  const button = (key, attributes) => element('button', { type: 'button', class: 'btn alt', ...attributes }, ui.text(key))
  const saved = form.querySelector('[data-saved]')
  const add = (e) => saved && saved.parentNode === foot ? saved.before(e) : foot.append(e)
  if (foot && !form.querySelector('[data-unknown]')) add(button('unknown', { 'data-unknown': '' }))
  if (!foot || !navigator.serviceWorker || !globalThis.caches) return
  const carry = button('carry', {})
  add(carry)
  carry.addEventListener('click', async () => {
    await flush()
    try {
      const fresh = await fetch(page.base + '/o', { headers: { Accept: 'application/json' } })
      await put('carried', { base: page.base, page: { ...page, cells: (await fresh.json()).cells }, edits: [] })
      await navigator.serviceWorker.register('/ngoai-mang/worker.js', { scope: '/ngoai-mang/' })
      await fillCache()
      carry.replaceWith(element('p', { role: 'status' }, ui.text('carried'), ' ', element('a', { href: shell }, shell)))
    } catch {
      status(ui.text('offline', 'Count', ui.edits.size))
    }
  })
}

// fillCache keeps the page for filling in without a network, as anybody would get it, with all that it needs.
async function fillCache() {
  const page = await fetch(shell, { credentials: 'omit' })
  const doc = new DOMParser().parseFromString(await page.clone().text(), 'text/html')
  const needs = [...doc.querySelectorAll('script[src], link[rel=stylesheet], link[rel=icon]')].map((e) => e.getAttribute('src') ?? e.getAttribute('href'))
  needs.push(doc.querySelector('[data-form-script]').dataset.formScript)
  const cache = await caches.open(name)
  await cache.addAll(needs)
  await cache.put(shell, page)
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url)
    if (pathname !== shell && !needs.includes(pathname)) await cache.delete(request) // of an older version
  }
}

// offline is the page that was taken along: it shows the forms that this device carries.
async function offline(main, form) {
  const records = await store('readonly', (t) => t.objectStore('carried').getAll())
  if (!records.length) return // the page says what to do
  for (const e of main.querySelectorAll('[data-none]')) e.hidden = true
  const stage = form.element('section')
  if (records.length > 1) {
    const list = form.element('ul')
    for (const record of records) {
      const button = form.element('button', { type: 'button', class: 'btn alt' }, record.page.title)
      button.addEventListener('click', () => open(stage, record, form))
      list.append(form.element('li', {}, button))
    }
    main.append(list)
  }
  main.append(stage)
  open(stage, records[0], form)
}

function open(stage, record, form) {
  const { run, say, element } = form
  const { page } = record
  const text = (key, ...args) => say(page, 'form.page.' + key, ...args)
  const status = element('span', { class: 'saved', role: 'status' })
  const send = element('button', { type: 'button', class: 'btn' }, text('send'))
  const leave = element('button', { type: 'button', class: 'btn alt' }, text('drop'))
  const table = draw(page, form)
  table.append(element('div', { class: 'foot-bar' }, send, element('button', { type: 'button', class: 'btn alt', 'data-unknown': '' }, text('unknown')), leave, status))
  stage.replaceChildren(element('h2', {}, page.title), table)
  const ui = run(table, page, async () => {
    await box.hold()
    status.textContent = ui.edits.size ? text('kept', 'Time', clock(Date.now())) : ''
  })
  const box = outbox(ui, page, (waits) => put('carried', Object.assign(record, waits)))
  box.resume(record)
  table.addEventListener('submit', (e) => e.preventDefault())
  const sendAll = async () => {
    let count = 0
    for (let answer; (answer = await box.send());) {
      if (answer.problem) {
        status.textContent = text(answer.problem, 'Count', ui.edits.size, 'Status', answer.status ?? '')
        if (answer.problem === 'signin') status.append(' ', element('a', { href: '/dang-nhap?tiep=' + encodeURIComponent(shell) }, '/dang-nhap'))
        return
      }
      count += answer.count
      status.textContent = text('sent', 'Count', count, 'Time', clock(answer.saved))
    }
  }
  send.addEventListener('click', sendAll)
  addEventListener('online', () => table.isConnected && sendAll())
  leave.addEventListener('click', async () => {
    if (ui.edits.size && !confirm(text('leave'))) return
    await drop('carried', page.base)
    location.reload()
  })
}

// draw builds the table of a form, as the server does for the desk.
function draw(page, form) {
  const { at, say, element } = form
  const { grid } = page
  const label = (x) => page.lang === 'en' && x.label_en || x.label
  const head = element('tr', {}, element('td'), ...grid.cols.map((c) => element('th', { scope: 'col', class: 'num' }, label(c))),
    element('th', { scope: 'col' }, say(page, 'form.page.check')))
  const body = grid.rows.map((r) => element('tr', { 'data-row': r.code }, element('th', { scope: 'row' }, label(r)), ...grid.cols.map((c) => {
    const id = r.code + '.' + c.code
    const cell = at(grid, r.code, c.code)
    if (!cell) return element('td')
    if (!cell.typed) return element('td', { class: 'num', 'data-l': label(c) }, element('span', { 'data-sum': id }))
    return element('td', { 'data-l': label(c) }, control(page, cell, id, form))
  }), element('td', { 'data-check': '', 'data-l': say(page, 'form.page.check') })))
  return element('form', { 'data-form': '' }, element('p', { 'data-count': '', class: 'meta' }),
    element('section', { class: 'wide', tabindex: '0', 'aria-label': page.title },
      element('table', { class: 'grid-in stack' }, element('thead', {}, head), element('tbody', {}, ...body))),
    element('p', { 'data-past': '', class: 'meta' }))
}

function control(page, cell, id, { say, name: called, element }) {
  const known = { 'data-cell': id, id: 'c-' + id, 'aria-label': called(page, id) }
  const answers = cell.type === 'bool' ? [['1', say(page, 'form.page.yes')], ['0', say(page, 'form.page.no')]]
    : cell.type === 'choice' ? cell.choices.map((o) => [o.code, page.lang === 'en' && o.en || o.vi]) : undefined
  if (answers) return element('select', known, ...[['', '–'], ...answers].map(([value, text]) => element('option', { value }, text)))
  if (cell.type === 'text') return element('textarea', { ...known, rows: '2' })
  return element('input', { ...known, type: 'text', inputmode: cell.type === 'int' ? 'numeric' : 'text', autocomplete: 'off' })
}

const host = document.querySelector('[data-form-script]')
if (host) {
  const form = await import(host.dataset.formScript)
  if (host.matches('[data-offline]')) await offline(host, form)
  const data = document.getElementById('form-data')
  const page = data && JSON.parse(data.textContent)
  if (page && !page.closed) await online(host, page, form)
}
